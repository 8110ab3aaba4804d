// Fetches an export, says how far it is, and can be stopped; the file is saved only when all of it has come.
import { el, toasts } from './page.js';

const begun = new Set();      // an export goes on when the menu closes or another page opens, and is taken once

export default function ({ data }) {
  if (!data?.url || begun.has(data.url)) return;
  begun.add(data.url);
  const box = el('div', 'atl-toast atl-download');
  const stop = new AbortController();
  const words = el('span', '', data.waiting);
  const bar = el('progress');
  bar.max = data.rows;
  bar.setAttribute('aria-label', data.label);
  const cancel = el('button', 'atl-tool', data.cancel);
  cancel.type = 'button';
  cancel.onclick = () => stop.abort();
  const line = el('div', 'atl-download-line');
  line.setAttribute('role', 'status');
  line.append(words);
  box.append(line, bar, cancel);
  toasts().append(box);
  const done = (text) => {
    words.textContent = text;
    bar.remove();
    cancel.textContent = '✕';
    cancel.setAttribute('aria-label', 'Dismiss');
    cancel.onclick = () => box.remove();
    setTimeout(() => box.remove(), 15000);
  };
  fetched(data, stop.signal, (rows) => { bar.value = rows; words.textContent = said(data.progress, rows, data); })
    .then((blob) => { save(blob, data.file); done(said(data.done, data.rows, data)); })
    .catch((error) => done(error.name === 'AbortError' ? data.stopped : error.said || data.failed));
}

async function fetched(data, signal, tell) {
  const answer = await fetch(new URL(data.url, document.baseURI), { signal });
  if (!answer.ok) {
    const error = new Error('refused');
    error.said = (await answer.json().catch(() => ({}))).error;
    throw error;
  }
  const parts = [], reader = answer.body.getReader();
  let lines = 0, told = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    for (let i = value.indexOf(10); i >= 0; i = value.indexOf(10, i + 1)) lines += 1;
    if (performance.now() - told > 200) { told = performance.now(); tell(Math.max(0, Math.min(data.rows, lines - data.above))); }
  }
  return new Blob(parts, { type: 'text/csv' });
}

function said(template, rows, data) {
  const form = new Intl.NumberFormat(data.locale);
  return template.replace('{rows}', form.format(rows)).replace('{all}', form.format(data.rows));
}

function save(blob, file) {
  const a = el('a');
  a.href = URL.createObjectURL(blob);
  a.download = file;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60000);
}
