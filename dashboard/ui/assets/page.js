// What all our components share: Plotly once per tab, one clock, drawing only what is seen.

export function el(tag, cls, text) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
}

// Where short messages stand, above the page; a screen reader says what is added.
export function toasts() {
  let list = document.querySelector('.atl-toasts');
  if (!list) {
    list = el('div', 'atl-toasts');
    list.setAttribute('role', 'status');
    document.body.append(list);
  }
  return list;
}

// Plotly is a classic script; it is loaded once per tab and only by pages that draw a figure.
let plotly;
export function lib() {
  return (plotly ??= new Promise((done, failed) => {
    const s = document.createElement('script');
    s.src = new URL('./plotly-cartesian-4.1.1.min.js', import.meta.url).href;
    s.onload = () => done(window.Plotly);
    s.onerror = () => { plotly = undefined; s.remove(); failed(new Error('The chart library did not load.')); };
    document.head.append(s);
  }));
}

// Ages are told by the browser, so that no refresh is needed to tell them.
const clocks = new Map();
export function ticking(node, env) {
  const tell = () => {
    const e = env();
    if (!e?.as_of) return;
    const text = 'as of ' + e.clock + ' · ' + ago((Date.now() - e.as_of) / 1000);
    if (node.textContent !== text) node.textContent = text;
  };
  clocks.set(node, tell);
  tell();
  return () => clocks.delete(node);
}
setInterval(() => { if (!document.hidden) for (const tell of clocks.values()) tell(); }, 1000);

export function ago(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  for (const [size, name] of [[86400, 'd'], [3600, 'h'], [60, 'min']]) if (s >= 2 * size) return Math.floor(s / size) + ' ' + name + ' ago';
  return s + ' s ago';
}

// A figure is drawn when it is on the screen and the tab is shown; until then only the newest drawing is kept.
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target._seen = isIntersecting;
    if (isIntersecting) late(target);
  }
}, { rootMargin: '120px' });
const waiting = new Set();
export function whenSeen(node, draw) {
  if (node._seen === undefined) { node._seen = false; seen.observe(node); }
  if (node._seen && !document.hidden) { draw(); return; }
  node._late = draw;
  waiting.add(node);
}
function late(node) {
  if (document.hidden || !node._late) return;
  const draw = node._late;
  node._late = undefined;
  waiting.delete(node);
  if (node.isConnected) draw();
}
document.addEventListener('visibilitychange', () => { for (const n of [...waiting]) if (n._seen || !n.isConnected) late(n); });

// A real link (new tab, copy); a plain click stays within the session.
export function leads(a, path, go) {
  a.href = new URL(path || '.', document.baseURI).href;
  a.onclick = (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return;
    e.preventDefault();
    go('open', path);
  };
}

// The framework's navigation puts a div between a list and its items, which screen readers do not follow.
export function mendNavigation() {
  for (const list of document.querySelectorAll('ul[data-testid="stSidebarNavItems"]')) {
    list.setAttribute('role', 'none');
    for (const part of list.children) if (part.querySelector(':scope > li')) part.setAttribute('role', 'list');
  }
}

// Before it leaves for another page, the framework pushes the address of this one without its query: Back would lead to a
// view that nobody had. That step is left out. Filters and tabs replace the address and push nothing, except that a click
// on a figure is pushed: one that takes the last filter away empties the address rightly, and so does the button that
// leads back from a record. A link to a record of another page pushes its query for this one too: left out as well.
let clickedAt = -Infinity, leavingAt = -Infinity;
export function clicked() { clickedAt = performance.now(); }
export function leaving() { leavingAt = performance.now(); }
document.addEventListener('click', (e) => { if (e.target.closest?.('[class*="st-key-back-"]')) clicked(); }, true);
const push = history.pushState.bind(history);
history.pushState = (state, title, url) => {
  const to = new URL(url ?? '', location.href);
  const stays = to.pathname === location.pathname;
  const isOurs = performance.now() - clickedAt < 5000;
  if (stays && performance.now() - leavingAt < 5000) return;
  leavingAt = -Infinity;
  if (!stays || to.search || !location.search || isOurs) push(state, title, url);
};

// A small line without axes; gaps stay gaps.
export function spark(values, width, height) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('atl-spark');
  const known = values.filter((v) => v !== null);
  if (known.length < 2) return svg;
  const low = Math.min(...known), span = Math.max(...known) - low || 1;
  let d = '', open = false;
  values.forEach((v, i) => {
    if (v === null) { open = false; return; }
    const x = (i / (values.length - 1)) * (width - 2) + 1, y = height - 2 - ((v - low) / span) * (height - 4);
    d += (open ? 'L' : 'M') + x.toFixed(1) + ' ' + y.toFixed(1);
    open = true;
  });
  const line = document.createElementNS(ns, 'path');
  line.setAttribute('d', d);
  line.setAttribute('vector-effect', 'non-scaling-stroke');
  svg.append(line);
  return svg;
}
