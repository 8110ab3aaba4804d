// A table in a panel. Sorting, search, the chosen row, focus and scroll are the viewer's and outlive a refresh.
import { el, spark } from './page.js';

const SEARCH_FROM = 9;   // rows; a shorter table is read at a glance

export function table(body, env, { _choose: choose, _turn: turn, _open: open }) {
  const t = env.table;
  const shape = JSON.stringify(t.columns);
  if (body._shape !== shape) build(body, t, shape);
  const view = body._view;
  view.table = t;
  if (t.chosen !== undefined) view.chosen = t.chosen || null;      // the page is filtered by it
  else if (view.chosen === undefined) view.chosen = chosenByLink(t);
  view.choose = t.leads ? (id) => id && open('open', pathOf(t, id)) : t.opens ? (id) => turn(t.select, id) : choose;
  view.turn = turn;
  view.search.hidden = !!t.pager || (t.rows.length < SEARCH_FROM && !view.query);
  turning(view.pager, t.pager, turn);
  view.scroll.setAttribute('aria-label', env.alt);
  view.scroll.style.maxHeight = env.height + 'px';
  view.scroll.style.minHeight = Math.min(env.height, 216) + 'px';
  fill(view);
}

function build(body, t, shape) {
  body._shape = shape;
  const search = el('input', 'atl-search');
  search.type = 'search';
  search.placeholder = 'Search rows';
  search.setAttribute('aria-label', 'Search rows');
  const scroll = el('div', 'atl-scroll');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  const grid = el('table', 'atl-table');
  const head = el('tr');
  const rows = el('tbody');
  const pager = el('nav', 'atl-pager');
  pager.setAttribute('aria-label', 'Pages of the table');
  const view = { search, scroll, rows, head, pager, query: '', sort: -1, down: false, chosen: undefined };
  body._view = view;
  t.columns.forEach((c, i) => head.append(heading(view, c, i, !t.pager || c.s)));
  const thead = el('thead');
  thead.append(head);
  grid.append(thead, rows);
  scroll.append(grid);
  search.addEventListener('input', () => { view.query = search.value.trim().toLocaleLowerCase(); fill(view); });
  body.replaceChildren(search, scroll, pager);
}

// The URL says which row a link was about; a value that is no row of ours chooses nothing.
function chosenByLink(t) {
  const given = t.select ? new URLSearchParams(location.search).get(t.select) : null;
  return t.ids.includes(given) ? given : null;
}

// Rows may be records of another page.
function pathOf(t, id) { return `${t.leads}?${new URLSearchParams({ [t.select]: id })}`; }

function heading(view, column, i, sortable) {
  const th = el('th', column.n ? 'num' : '');
  th.scope = 'col';
  if (column.k === 'spark' || !sortable) { th.textContent = column.l; return th; }
  const b = el('button', '', column.l);
  b.type = 'button';
  b.addEventListener('click', () => {
    const first = column.n || column.k === 'moment';           // numbers: largest first
    if (view.table.pager) { ordered(view, column, first); return; }
    if (view.sort !== i) { view.sort = i; view.down = first; } else if (view.down === first) view.down = !first; else view.sort = -1;
    fill(view);
  });
  th.append(b);
  return th;
}

// A table of which the server sends one page at a time: pages and order are asked for, and are in the address.
function ordered(view, column, first) {
  const { sort } = view.table.pager;
  view.turn('sort', sort === '-' + column.s ? column.s : sort === column.s || first ? '-' + column.s : column.s);
}

function turning(nav, pager, turn) {
  nav.hidden = !pager;
  if (!pager) return;
  const step = (label, to, able) => {
    const b = el('button', 'atl-tool', label);
    b.type = 'button';
    b.disabled = !able;
    b.onclick = () => turn('page', String(to));
    return b;
  };
  nav.replaceChildren(el('span', '', pager.words), step('‹ Back', pager.page - 1, pager.page > 1), step('Next ›', pager.page + 1, pager.page < pager.pages));
}

function sorted(view, i) {
  const { pager, columns } = view.table;
  if (!pager) return view.sort !== i ? 'none' : view.down ? 'descending' : 'ascending';
  return pager.sort === columns[i].s ? 'ascending' : pager.sort === '-' + columns[i].s ? 'descending' : 'none';
}

function fill(view) {
  const { rows, ids } = view.table;
  let order = rows.map((_, i) => i);
  if (view.query) order = order.filter((i) => rows[i].some((c) => String(c[1] ?? '').toLocaleLowerCase().includes(view.query)));
  if (view.sort >= 0) order.sort((a, b) => compare(rows[a][view.sort][0], rows[b][view.sort][0]) * (view.down ? -1 : 1) || a - b);
  [...view.head.children].forEach((th, i) => {
    if (th.firstElementChild) th.setAttribute('aria-sort', sorted(view, i));
  });
  const focused = view.rows.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  const top = view.scroll.scrollTop;
  view.rows.replaceChildren(...order.map((i) => row(view, rows[i], ids[i])));
  if (!order.length) {
    const tr = el('tr'), td = el('td', 'atl-none', 'No row matches the search.');
    td.colSpan = view.table.columns.length;
    tr.append(td);
    view.rows.append(tr);
  }
  view.scroll.scrollTop = top;
  if (focused !== undefined) view.rows.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function compare(a, b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

function row(view, cells, id) {
  const tr = el('tr');
  cells.forEach((c, i) => tr.append(cell(c, view.table.columns[i], view.table, id)));
  const { select, leads: away, opens } = view.table;
  if (select && (id || !(away || opens))) selectable(view, tr, id);
  else if (opens) tr.className = 'usual';                        // not of the list: what its rows are held against
  return tr;
}

function selectable(view, tr, id) {
  tr.dataset.id = id;
  tr.tabIndex = 0;
  tr.setAttribute('aria-selected', String(view.chosen === id));
  const pick = () => {
    view.chosen = view.chosen === id && !view.table.leads ? null : id;
    for (const other of view.rows.children) other.setAttribute('aria-selected', String(other.dataset.id === view.chosen));
    view.choose(view.chosen ?? '');
  };
  tr.addEventListener('click', pick);
  tr.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); pick(); }
    if (e.key === 'ArrowDown') { e.preventDefault(); tr.nextElementSibling?.focus(); }
    if (e.key === 'ArrowUp') { e.preventDefault(); tr.previousElementSibling?.focus(); }
  });
}

function cell(c, column, t, id) {
  const td = el('td', column.n ? 'num' : column.k === 'spark' ? 'spark' : '');
  if (column.k === 'rank') td.classList.add('rank');
  if (c[3]) { td.classList.add('few'); td.title = c[3]; }
  if (column.k === 'spark') td.append(spark(c[2] || [], 96, 20));
  else if (column.k === 'status' && c[2]) td.append(pill(c));
  else if (column.k === 'link' && t.select && id) td.append(link(c[1], t, id));
  else if (column.k === 'bar') {
    const bar = el('span', 'atl-bar');
    bar.style.setProperty('--share', String(Math.max(0, Math.min(1, c[2] || 0))));
    td.append(bar, el('span', '', c[1]));
  } else td.textContent = c[1];
  if (c[3]) td.append(el('span', 'atl-sr', ', ' + c[3]));
  return td;
}

// A real link (new tab, copy); a plain click chooses the row like any other place in it.
function link(text, t, id) {
  const a = el('a', 'atl-link', text);
  const to = t.leads ? new URL(pathOf(t, id), document.baseURI) : new URL(location.href);
  if (!t.leads) to.searchParams.set(t.select, id);
  a.href = to.href;
  a.tabIndex = -1;                                              // the row itself takes the focus
  a.addEventListener('click', (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) e.stopPropagation(); else e.preventDefault();
  });
  return a;
}

const ICONS = { ok: '✓', info: 'i', warning: '▲', critical: '✕', unknown: '?' };
function pill(c) {
  const span = el('span', 'atl-pill atl-tone-' + c[2]);
  const mark = el('span', '', ICONS[c[2]]);
  mark.setAttribute('aria-hidden', 'true');
  span.append(mark, document.createTextNode(' ' + c[1]));
  return span;
}
