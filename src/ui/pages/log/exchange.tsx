/** A request and its answer as they went over the line. All of it is text, whatever it holds. */
import { useText } from '../../i18n/language.js';

export function Exchange({ request, response }: { request: unknown; response: unknown }) {
  const t = useText();
  return (
    <div className="stack">
      <div className="stack-tight">
        <h3>{t.log.request}</h3>
        {request ? <Text value={request} label={t.log.request} /> : <p className="quiet">{t.log.noRequest}</p>}
      </div>
      <div className="stack-tight">
        <h3>{t.log.response}</h3>
        {response ? <Text value={response} label={t.log.response} /> : <p className="quiet">{t.log.noResponse}</p>}
      </div>
      <p className="quiet small">{t.log.masked}</p>
    </div>
  );
}

function Text({ value, label }: { value: unknown; label: string }) {
  // It can be scrolled, so it must be reached by keyboard.
  return (
    <pre className="exchange" tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(readable(value), null, 2)}
    </pre>
  );
}

/** Bodies are JSON in a text, or a form: laid out, they can be read. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === 'body' && typeof one === 'string' ? body(one) : readable(one),
    ]),
  );
}

function body(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (!/^[\w.%[\]-]+=[^<]*$/.test(text) || text.includes('\n')) return text;
    const fields = Object.fromEntries(new URLSearchParams(text));
    return Object.fromEntries(
      Object.entries(fields).map(([key, one]) => [key, one.startsWith('{') || one.startsWith('[') ? body(one) : one]),
    );
  }
}
