// A panel that a feed fills.
import { choose, leave as leaves, open, stand, turn } from './board.js';
import { leave, take } from './panel.js';

export default function ({ data, parentElement }) {
  const host = parentElement.querySelector('.atl');
  host._choose = (id) => choose(data.place, id);
  host._open = (_, path) => open(path);
  host._turn = turn;
  host._take ??= (text) => take(host, text);
  stand(data.place, data.ask, host._take, () => { host.dataset.state = 'loading'; });
  return (host._leave ??= () => { leaves(data.place, host._take); leave(host); });
}
