// The count of open alerts, and a word when one begins. News come over /api/events as soon as they are committed and are
// drawn here, without a rerun; the server's own look now and then brings what the stream missed, and a valid ticket.
import { el, toasts } from './page.js';

const AGAIN_MS = 3000;      // and up to as much more, so that not all pages come back at once
const SHOWN_MS = 10000;
const MOST = 3;
const dec = new TextDecoder();
let newest = { at: -1 };    // of this tab, whatever page it shows
let seen;                   // the alert that was told last; undefined until the first look

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('.atl-alerts');
  const { ticket, news } = JSON.parse(dec.decode(data));
  host._ticket = ticket;
  heard(host, news);
  return (host._leave ??= follow(host));
}

function heard(host, news) {
  if (news.at >= newest.at) newest = news;
  draw(host, newest);
  if (seen !== undefined && newest.id && newest.id !== seen) tell(newest.toast);
  seen = newest.id;
}

function draw(host, { tone, icon, words }) {
  const text = icon + ' ' + words;
  if (host.textContent === text) return;          // said once by a screen reader
  const mark = el('span', '', icon);
  mark.setAttribute('aria-hidden', 'true');
  host.className = 'atl-alerts atl-tone-' + tone;
  host.replaceChildren(mark, ' ' + words);
}

function follow(host) {
  let stream, again;
  const open = () => {
    clearTimeout(again);
    stream = new EventSource(new URL('api/events?ticket=' + encodeURIComponent(host._ticket), document.baseURI));
    stream.onmessage = (event) => { const { news } = JSON.parse(event.data); if (news) heard(host, news); };
    stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) later(); };   // refused: it will not try again itself
  };
  const later = () => {
    clearTimeout(again);
    if (!document.hidden) again = setTimeout(open, AGAIN_MS * (1 + Math.random()));
  };
  const shown = () => { if (stream.readyState === EventSource.CLOSED) later(); };
  document.addEventListener('visibilitychange', shown);
  open();
  return () => {
    clearTimeout(again);
    stream.close();
    document.removeEventListener('visibilitychange', shown);
    host._leave = undefined;
  };
}

function tell(words) {
  if (!words) return;
  const list = toasts();
  const toast = el('div', 'atl-toast');
  const close = el('button', '', '✕');
  close.type = 'button';
  close.setAttribute('aria-label', 'Dismiss');
  let timer;
  const gone = () => { clearTimeout(timer); toast.remove(); };
  const wait = () => { clearTimeout(timer); timer = setTimeout(gone, SHOWN_MS); };
  close.onclick = gone;
  for (const held of ['mouseenter', 'focusin']) toast.addEventListener(held, () => clearTimeout(timer));
  for (const free of ['mouseleave', 'focusout']) toast.addEventListener(free, wait);
  toast.append(el('span', '', words), close);
  list.append(toast);
  const told = list.querySelectorAll('.atl-toast:not(.atl-download)');
  if (told.length > MOST) told[0].remove();
  wait();
}
