import { useText } from '../i18n/language.js';
import { Light } from '../parts/light.js';

const TONES = { live: 'ok', 'catching-up': 'wait', away: 'bad' } as const;

/** The link to a PBX. Null: none is kept here, only its webhooks are heard. */
export function PbxLight({
  pbx,
}: {
  pbx: { phase: 'away' | 'catching-up' | 'live'; lastError: { message: string } | null } | null;
}) {
  const t = useText();
  if (pbx === null) return <Light tone="off">{t.pbxLight['none']}</Light>;
  return (
    <Light tone={TONES[pbx.phase]}>
      {t.pbxLight[pbx.phase]}
      {pbx.phase === 'away' && pbx.lastError !== null && (
        <span className="quiet small"> {t.said(pbx.lastError.message)}</span>
      )}
    </Light>
  );
}
