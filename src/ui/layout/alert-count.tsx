/** How many alerts are current, beside the section's name. Nothing where there are none, or nobody could say. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../api.js';
import { useText } from '../i18n/language.js';

const OFTEN = { refetchInterval: 30_000 } as const;

export function AlertCount({ enterprise }: { enterprise: string | null }) {
  return enterprise === null ? <OfAll /> : <OfEnterprise enterprise={enterprise} />;
}

function OfAll() {
  return <Count current={useQuery(api.alerts.countAll.queryOptions(undefined, OFTEN)).data?.current} />;
}

function OfEnterprise({ enterprise }: { enterprise: string }) {
  return <Count current={useQuery(api.alerts.count.queryOptions({ enterprise }, OFTEN)).data?.current} />;
}

function Count({ current = 0 }: { current: number | undefined }) {
  const t = useText();
  if (current === 0) return null;
  return (
    <span className="section-count">
      {current}
      <span className="hidden-text"> {t.alerts.current}</span>
    </span>
  );
}
