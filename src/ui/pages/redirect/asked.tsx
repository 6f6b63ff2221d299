import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { CRM_TITLES } from '../crm-titles.js';

type AskedOf = Outputs['redirect']['decisions']['rows'][number]['decision']['asked'];

/** What each CRM said when it was asked for the owner. */
export function Asked({ asked }: { asked: AskedOf }) {
  const t = useText();
  const format = useFormat();
  return (
    <ul className="plain-list small">
      {asked.map(({ integration, outcome, extension, ms }) => (
        <li key={integration}>
          {CRM_TITLES[integration] ?? integration}: {t.redirect.answers[outcome] ?? outcome}
          {extension !== null && ` ${extension}`}
          <span className="quiet"> {format.ms(ms)}</span>
        </li>
      ))}
    </ul>
  );
}
