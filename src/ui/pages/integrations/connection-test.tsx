/** "Test connection": with what the form holds, saved or not. Says what is there, what is missing, and what to do next. */
import { useMutation } from '@tanstack/react-query';
import { PlugZap } from 'lucide-react';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useLanguage } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Light } from '../../parts/light.js';
import { Notice } from '../../parts/notice.js';
import type { Settings } from './draft.js';
import { errorText, faultOf } from '../../platform/errors.js';

type Result = Outputs['integrations']['testConnection'];

export function ConnectionTest({
  enterprise,
  type,
  settings,
  onFaults,
}: {
  enterprise: string;
  type: string;
  settings(): Settings;
  onFaults(error: unknown): void;
}) {
  const { text: t } = useLanguage();
  const test = useMutation(
    api.integrations.testConnection.mutationOptions({
      onError(error) {
        if ((faultOf(error)?.fields.length ?? 0) > 0) onFaults(error);
      },
    }),
  );
  const wrongFields = faultOf(test.error)?.fields.length ?? 0;
  return (
    <div className="stack">
      <div className="row">
        <Button
          icon={<PlugZap size={17} aria-hidden />}
          busy={test.isPending}
          onClick={() => test.mutate({ enterprise, type, settings: settings() })}
        >
          {test.isPending ? t.settings.testing : t.settings.test}
        </Button>
      </div>
      {test.data && <Verdict result={test.data} />}
      {test.isError && (
        <Notice tone="bad" title={wrongFields > 0 ? t.settings.wrongFields(wrongFields) : t.settings.testBad}>
          {wrongFields > 0 ? null : errorText(test.error, t)}
        </Notice>
      )}
    </div>
  );
}

function Verdict({ result: { ok, account, warnings, code, why, next } }: { result: Result }) {
  const { text: t, language } = useLanguage();
  if (!ok)
    return (
      <Notice tone="bad" title={t.settings.testBad}>
        <p>
          {why !== null && t.said(why)}
          {code !== null && <span className="quiet small"> [{code}]</span>}
        </p>
        {next !== null && (
          <p>
            <strong>{t.settings.next}:</strong> {next[language]}
          </p>
        )}
      </Notice>
    );
  const perfect = warnings.length === 0;
  return (
    <Notice tone={perfect ? 'ok' : 'warn'} title={perfect ? t.settings.testGood : t.settings.testWarn}>
      <ul className="check-steps">
        <li>
          <Light tone="ok">{t.settings.account(account ?? '')}</Light>
        </li>
        {warnings.map((warning) => (
          <li key={warning}>
            <Light tone="warn">{t.said(warning)}</Light>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
