import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Light } from '../../parts/light.js';
import type { Tone } from '../../parts/light.js';
import './card-light.css';

export type Card = Outputs['integrations']['list'][number];

const TONES: Record<Card['light']['state'], Tone> = { active: 'ok', off: 'off', error: 'bad' };

export function CardLight({ card: { light, enabled, configured } }: { card: Card }) {
  const t = useText();
  const format = useFormat();
  const tone = light.code === 'shadow' ? 'wait' : TONES[light.state];
  const name = enabled || configured ? t.crm.light[light.code] : t.crm.notSetUp;
  return (
    <div className="stack-tight">
      <Light tone={tone}>{name}</Light>
      {light.reason !== null && (
        <p className="small crm-card-reason">
          {t.said(light.reason)}
          {light.since !== null && <span className="quiet"> {t.crm.since(format.moment(light.since))}</span>}
        </p>
      )}
    </div>
  );
}
