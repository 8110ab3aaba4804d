import { clicked, leaving } from './page.js';

// The page's places and what each is to show. The feed brings lines; a place takes those that answer what it asks.
// Either may be there first: the framework mounts them in its own order.
const lines = new Map();     // place -> {ask, text}: the newest line
const places = new Map();    // place -> {ask, take, wait}
let tell = () => {};

export function stand(name, ask, take, wait) {
  const known = places.get(name);
  places.set(name, { ask, take });
  const line = lines.get(name);
  if (line?.ask === ask) take(line.text);
  else if (known?.ask !== ask) wait();
}

export function leave(name, take) {
  if (places.get(name)?.take !== take) return;     // another page's place of that name already stands
  places.delete(name);
  lines.delete(name);
}

export function bring(parts, texts) {
  parts.forEach(([name, ask], i) => {
    lines.set(name, { ask, text: texts[i] });
    const place = places.get(name);
    if (place?.ask === ask) place.take(texts[i]);
  });
}

export function heard(by) { tell = by; }
export function choose(place, row) { tell('row', { place, row }); }
export function turn(name, value) {
  clicked();
  tell('turn', { name, value });
}
export function open(path) {
  leaving();
  tell('open', path);
}
