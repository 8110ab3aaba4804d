// Listens to /api/events and asks for one small rerun when something happened. What travels is a topic, never data.
// A hidden tab only notes that it missed something, and asks once when it is shown again.
export default function ({ data, setTriggerValue, parentElement }) {
  const host = parentElement.querySelector('.atl-push');
  host._fire = (topics) => setTriggerValue('news', topics);
  if (host._leave) return host._leave;
  const wanted = new Set(data?.topics || []);
  let missed = false;
  const stream = new EventSource(new URL('api/events', document.baseURI));
  stream.onmessage = (event) => {
    let topics;
    try { topics = JSON.parse(event.data).topics; } catch { return; }
    const ours = (topics || []).filter((t) => t === 'missed' || wanted.has(t.split('.')[0]));
    if (!ours.length) return;
    if (document.hidden) { missed = true; return; }
    host._fire(ours.join(' '));
  };
  const shown = () => { if (!document.hidden && missed) { missed = false; host._fire('missed'); } };
  document.addEventListener('visibilitychange', shown);
  return (host._leave = () => {
    stream.close();
    document.removeEventListener('visibilitychange', shown);
    host._leave = undefined;
  });
}
