// One panel: a figure, a table or a status matrix, its footer and its state. What was drawn stays, dimmed, until an
// answer to something new comes. The default function draws what no feed brings: the table in a dialog.
import { table } from './table.js';
import { status } from './status.js';
import { el, leads, lib, ticking, whenSeen } from './page.js';

const CONFIG = {
  displaylogo: false, responsive: false, displayModeBar: 'hover', scrollZoom: false, doubleClick: 'reset',
  modeBarButtons: [['zoom2d', 'pan2d', 'resetScale2d']],
};
const NARROW = 470;      // px; below it labels at line ends would take the room of the lines
const dec = new TextDecoder();
export const panels = new Map();   // key -> {fig, env}: tools.js takes pictures from here

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('.atl');
  host._leave ??= () => leave(host);
  if (data?.length) take(host, dec.decode(data));
  return host._leave;
}

export function take(host, text) {
  const loaded = host.dataset.state === 'loading' && host._env;      // waited for another answer and got the same one
  if (loaded) host.dataset.state = host._env.state;
  if (host._text === text) return;                                   // unchanged: nothing happens
  host._text = text;
  show(host, JSON.parse(text));
}

function show(host, env) {
  host.dataset.state = env.state;
  host._env = env;
  const [body, note] = [host.querySelector('.atl-body'), host.querySelector('.atl-note')];
  const drawn = env.fig || env.table || env.status;
  note.hidden = !!drawn;
  body.hidden = !drawn;
  if (!drawn) { note.replaceChildren(icon(env.state), el('strong', '', env.title || ''), el('span', '', env.hint || '')); }
  footer(host, env);
  panels.set(env.key, host);
  if (env.table) { purge(host); table(body, env, host); }
  else if (env.status) { purge(host); status(body, env); }
  else if (env.fig) figure(host, body, env);
}

function icon(state) {
  return el('span', 'atl-icon atl-tone-' + (state === 'empty' ? 'unknown' : 'critical'), state === 'empty' ? '○' : '✕');
}

// ---------------------------------------------------------------- figure

function figure(host, body, env) {
  body._shape = undefined;
  let fig = body.querySelector('.atl-fig');
  if (!fig) {
    fig = el('div', 'atl-fig');
    body.replaceChildren(fig, el('div', 'atl-legend'));
    host._size = new ResizeObserver(() => { if (host._drawn && fig.clientWidth !== host._width) host._draw(); });
    host._size.observe(fig);
  }
  fig.setAttribute('role', 'figure');
  fig.setAttribute('aria-label', env.alt);
  fig.style.height = env.height + 'px';
  host._draw = () => lib().then((P) => draw(P, host, fig));
  whenSeen(host, host._draw);
}

function draw(P, host, fig) {
  const env = host._env;
  if (!env.fig || !fig.isConnected) return;
  const narrow = fig.clientWidth < NARROW;
  const { data, layout } = env.fig;
  const margin = narrow && env.legend?.length ? { ...layout.margin, r: 12 } : layout.margin;
  const legends = narrow && env.legend?.length;
  const traces = narrow ? data.filter((t) => t.meta !== 'wide' && !(legends && t.meta === 'labels')) : data;
  legend(fig.nextElementSibling, env, narrow || env.legend_always);
  host._width = fig.clientWidth;
  const config = layout.dragmode === false ? { ...CONFIG, displayModeBar: false } : CONFIG;
  return P.react(fig, traces, { ...layout, margin, width: host._width, height: env.height }, config).then(() => {
    if (!host._drawn) picking(host, fig);
    host._drawn = true;
    for (const b of fig.querySelectorAll('.modebar-btn')) {      // Plotly gives them no name of their own
      b.setAttribute('aria-label', b.dataset.title || 'Reset');
      b.setAttribute('role', 'button');
    }
  });
}

// A click on a part of the figure that has an id sets a filter of the page; the server takes it away when it is set already.
function picking(host, fig) {
  fig.on('plotly_click', (event) => {
    const id = event.points?.[0]?.data?.customdata?.[0];
    if (host._env.pick && id && host._turn) host._turn(host._env.pick, String(id));
  });
}

function legend(at, env, wanted) {
  const items = wanted ? env.legend || [] : [];
  at.replaceChildren(...items.map((item) => {
    const line = el('span', 'atl-key', item.t);
    line.style.setProperty('--key', item.c);
    return line;
  }));
}

function purge(host) {
  const fig = host.querySelector('.atl-fig');
  host._size?.disconnect();
  host._drawn = false;
  if (fig && window.Plotly) window.Plotly.purge(fig);
  if (fig) host.querySelector('.atl-body').replaceChildren();
}

export function leave(host) {
  if (host._env) panels.delete(host._env.key);
  host._stop?.();
  purge(host);
}

// ---------------------------------------------------------------- footer

function footer(host, env) {
  const foot = host.querySelector('.atl-foot');
  const [chip, age, dashed, badge, to] = foot.children;
  chip.textContent = env.source || '';
  chip.hidden = !env.source;
  to.hidden = env.to === undefined;
  if (!to.hidden) { to.textContent = env.to_title; leads(to, env.to, host._open); }
  dashed.textContent = env.dashed || '';
  dashed.hidden = !env.dashed;
  const words = env.badge || '';
  if (badge.textContent !== words) badge.textContent = words;     // said once by a screen reader, not every 5 s
  badge.hidden = !words;
  host._stop ??= ticking(age, () => host._env);
  age.hidden = !env.as_of || env.state === 'down';
}
