// Has no face: hands the lines of a message to their places, and says to the server what was chosen on one.
import { bring, heard } from './board.js';

const dec = new TextDecoder();

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector('.atl-feed');
  if (!data?.length) return;
  const text = dec.decode(data);
  const at = text.indexOf('\n');
  const head = JSON.parse(at < 0 ? text : text.slice(0, at));
  if (head.turn === 0) heard(setTriggerValue);
  if (host._text === text) return;
  host._text = text;
  if (at >= 0) bring(head.parts, text.slice(at + 1).split('\n'));
}
