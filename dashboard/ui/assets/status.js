// Components by group, each with icon, word and colour.
import { el } from './page.js';

export function status(body, env) {
  const groups = new Map();
  for (const item of env.status) groups.set(item.g, [...(groups.get(item.g) || []), item]);
  const found = [...groups].map(([name, items]) => {
    const section = el('section', 'atl-group');
    const list = el('ul');
    for (const item of items) list.append(one(item));
    if (name) section.append(el('h4', '', name));
    section.append(list);
    return section;
  });
  const top = body.firstElementChild?.scrollTop || 0;
  const scroll = el('div', 'atl-scroll atl-status');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', env.alt);
  scroll.style.maxHeight = '420px';
  scroll.append(...found);
  body._shape = undefined;
  body.replaceChildren(scroll);
  scroll.scrollTop = top;
}

function one(item) {
  const li = el('li', 'atl-tone-' + item.t);
  const mark = el('span', 'atl-dot', item.i);
  mark.setAttribute('aria-hidden', 'true');
  const words = el('span', 'atl-what');
  words.append(el('b', '', item.n), el('span', 'atl-word', item.w + (item.d ? ' · ' + item.d : '')));
  li.append(mark, words);
  li.title = item.n + ': ' + item.w + (item.d ? ' · ' + item.d : '');
  return li;
}
