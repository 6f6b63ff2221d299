/** Asks every part what keeps calls from reaching the CRMs: when somebody wants to know, since it takes as long as the slowest answers. */
import { useQuery } from '@tanstack/react-query';
import { Stethoscope } from 'lucide-react';
import { api } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useLanguage } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Light } from '../../parts/light.js';
import type { Tone } from '../../parts/light.js';
import { Panel } from '../../parts/panel.js';
import { QueryView } from '../../parts/query-view.js';
import { CRM_TITLES } from '../crm-titles.js';
import './doctor.css';

type Finding = Outputs['doctor']['run'][number];

const TONES: Record<Finding['level'], Tone> = { ok: 'ok', unknown: 'off', warning: 'warn', error: 'bad' };

export function Doctor({ enterprise }: { enterprise: string }) {
  const { text: t } = useLanguage();
  const findings = useQuery(api.doctor.run.queryOptions({ enterprise }, { enabled: false, retry: false }));
  const asked = findings.isFetched || findings.isFetching;
  return (
    <Panel
      title={t.doctor.title}
      actions={
        <Button
          icon={<Stethoscope size={16} aria-hidden />}
          busy={findings.isFetching}
          onClick={() => void findings.refetch()}
        >
          {t.doctor.run}
        </Button>
      }
    >
      {asked ? (
        <QueryView query={findings} rows={5}>
          {(found) => (
            <ul className="findings">
              {found.map((finding) => (
                <Found key={finding.id} finding={finding} />
              ))}
            </ul>
          )}
        </QueryView>
      ) : (
        <p className="quiet">{t.doctor.lead}</p>
      )}
    </Panel>
  );
}

function Found({ finding: { id, level, found, remedy } }: { finding: Finding }) {
  const { language, text: t } = useLanguage();
  const crm = /^(?:crm|mapping) (\w+)/.exec(id)?.[1];
  return (
    <li>
      <Light tone={TONES[level]}>
        {crm !== undefined && `${CRM_TITLES[crm] ?? crm}: `}
        {t.said(found[language])}
      </Light>
      {remedy && <p className="finding-remedy">{remedy[language]}</p>}
    </li>
  );
}
