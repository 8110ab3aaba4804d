// The first row of a page: the verdict and at most six key figures, in one component.
import { leave, open, stand } from './board.js';
import { ago, el, leads, mendNavigation, spark } from './page.js';

const go = (_, path) => open(path);

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('.atl-first');
  mendNavigation();
  host._take ??= (text) => take(host, text);
  stand(data.place, data.ask, host._take, () => { host.dataset.state = 'loading'; });
  return (host._leave ??= () => leave(data.place, host._take));
}

function take(host, text) {
  delete host.dataset.state;
  if (host._text === text) return;
  host._text = text;
  const { verdict, until, figures } = JSON.parse(text);
  counted(host.children[2], until);
  said(host.children[0], verdict);
  const list = host.children[1];
  list.hidden = !figures.length;
  list.style.setProperty('--count', figures.length);
  figures.forEach((f, i) => {
    let card = list.children[i];
    if (!card || card._key !== f.key) { card = el('div', 'atl-kpi'); card._key = f.key; list.children[i] ? list.children[i].replaceWith(card) : list.append(card); }
    if (card._last !== JSON.stringify(f)) { card._last = JSON.stringify(f); draw(card, f); }
  });
  while (list.children.length > figures.length) list.lastElementChild.remove();
}

function counted(node, until) {
  node.hidden = !until;
  if (!until || node._words === until.words) return;
  node._words = until.words;
  node.className = 'atl-until atl-tone-' + until.tone;
  const mark = el('span', '', until.icon);
  mark.setAttribute('aria-hidden', 'true');
  node.replaceChildren(mark, ' ' + until.words);
}

function said(node, v) {
  node.hidden = !v;
  if (!v || node._last === JSON.stringify(v)) return;
  node._last = JSON.stringify(v);
  node.className = 'atl-verdict atl-tone-' + (v.tone || 'unknown');
  const mark = el('span', 'atl-icon', v.icon || '');
  mark.setAttribute('aria-hidden', 'true');
  const words = el('p');
  words.append(el('strong', '', v.head || ''));
  for (const more of v.more || []) words.append(' ', el('span', '', more));
  if (v.stale) words.append(' ', el('em', '', v.stale));
  node.replaceChildren(mark, words);
  if (v.to !== undefined) {
    const a = el('a', 'atl-to', v.to_title);
    leads(a, v.to, go);
    node.append(a);
  }
}

function draw(card, f) {
  card.dataset.state = f.state;
  card.dataset.level = f.level || '';
  card.dataset.few = String(!!f.few);
  const parts = [label(f)];
  if (f.state !== 'loading') {
    const value = el('div', 'atl-value');
    value.append(el('span', 'atl-number', f.number));
    if (f.unit) value.append(el('span', 'atl-unit', f.unit));
    if (f.level) value.append(level(f));
    parts.push(value, change(f));
    const line = spark(f.spark || [], 200, 34);
    parts.push(line);
    card.title = [f.exact, f.than ? f.change + ' ' + f.than + ' ' + f.against : '', f.cases, f.note, f.as_of ? 'as of ' + ago((Date.now() - f.as_of) / 1000) : ''].filter(Boolean).join(' · ');
  } else parts.push(el('div', 'atl-bone'), el('div', 'atl-bone thin'));
  card.replaceChildren(...parts);
}

function label(f) {
  const head = el('div', 'atl-label');
  if (f.to === undefined || f.to === null) { head.textContent = f.label; return head; }
  const a = el('a', '', f.label);
  leads(a, f.to, go);
  head.append(a);
  return head;
}

function level(f) {
  const pill = el('span', 'atl-pill atl-tone-' + f.level, '');
  const mark = el('span', '', f.icon);
  mark.setAttribute('aria-hidden', 'true');
  pill.append(mark, ' ' + f.word);
  return pill;
}

function change(f) {
  const line = el('div', 'atl-change');
  if (f.state === 'down') { line.append(el('span', 'atl-tone-critical', '✕ ' + f.note)); return line; }
  if (f.state === 'stale') { line.append(el('span', 'atl-tone-warning', '◷ ' + f.note)); return line; }
  if (f.arrow) {
    const moved = el('b', f.tone ? 'atl-' + f.tone : '');
    const arrow = el('span', '', f.arrow + ' ');
    arrow.setAttribute('aria-hidden', 'true');
    moved.append(arrow, f.change);
    line.append(moved, ' ');
  }
  if (f.than) line.append(el('span', '', f.than), ' ');
  line.append(el('span', f.than ? 'atl-than' : '', f.against || f.cases || ''));
  return line;
}
