// The part of a panel's menu that needs no server: the figure as a picture, the link to the panel.
import { panels } from './panel.js';
import { el, lib } from './page.js';

const TITLE_PX = 44;     // room above a picture for its title and date

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('.atl-tools');
  const png = tool(host, 0, 'PNG', 'image', () => picture(data, 'png'));
  const svg = tool(host, 1, 'SVG', 'image', () => picture(data, 'svg'));
  for (const b of [png, svg]) b.hidden = !data.chart;
  tool(host, 2, 'Copy link', 'link', (b) => copy(b, data));
}

function tool(host, i, label, _kind, act) {
  let b = host.children[i];
  if (!b) { b = el('button', 'atl-tool', label); b.type = 'button'; host.append(b); }
  b.onclick = () => act(b);
  return b;
}

async function picture(data, format) {
  const host = panels.get(data.key);
  const fig = host?.querySelector('.atl-fig');
  if (!fig) return;
  if (!host._drawn) await host._draw();
  const P = await lib();
  const [width, height] = [fig.clientWidth, host._env.height + TITLE_PX];
  // Drawn aside with title and date, on the panel's own ground: a picture that is passed on must say what it shows.
  const aside = el('div');
  const { layout } = host._env.fig;
  const style = getComputedStyle(host);
  await P.newPlot(aside, host._env.fig.data, {
    ...layout, width, height, paper_bgcolor: style.getPropertyValue('--atl-raised').trim(),
    margin: { ...layout.margin, t: layout.margin.t + TITLE_PX }, title: { text: '<b>' + escaped(data.title) + '</b><br><span style="font-size:11px">' + escaped(data.subtitle + host._env.clock) + '</span>',
      x: 0, xref: 'container', xanchor: 'left', y: 1, yref: 'container', yanchor: 'top', pad: { l: 8, t: 24 }, font: { size: 14 } },
    xaxis: { ...layout.xaxis, ...ranged(fig, 'xaxis') }, yaxis: { ...layout.yaxis, ...ranged(fig, 'yaxis') },
  }, { staticPlot: true });
  await P.downloadImage(aside, { format, width, height, scale: format === 'png' ? 2 : 1, filename: data.file });
  P.purge(aside);
}

// The picture shows the part that the viewer has zoomed to.
function ranged(fig, axis) {
  const range = fig._fullLayout?.[axis]?.range;
  return range ? { range: [...range], autorange: false } : {};
}

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

async function copy(b, data) {
  const url = new URL(location.href);
  url.hash = 'panel-' + data.key.replaceAll('.', '-');
  try { await navigator.clipboard.writeText(url.href); b.textContent = 'Link copied'; } catch { window.prompt('Copy this link', url.href); }
  setTimeout(() => { b.textContent = 'Copy link'; }, 2000);
}
