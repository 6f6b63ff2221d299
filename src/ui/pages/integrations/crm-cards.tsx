import { useMutation, useQuery } from '@tanstack/react-query';
import { Settings } from 'lucide-react';
import { api, queries } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { QueryView } from '../../parts/query-view.js';
import { useToast } from '../../parts/toasts.js';
import { Toggle } from '../../parts/toggle.js';
import { errorText, faultOf } from '../../platform/errors.js';
import { CardLight } from './card-light.js';
import type { Card } from './card-light.js';
import './crm-cards.css';

const REFRESH_MS = 10_000;

export function CrmCards({
  enterprise,
  onConfigure,
}: {
  enterprise: string;
  onConfigure(type: string, waits: boolean): void;
}) {
  const cards = useQuery(api.integrations.list.queryOptions({ enterprise }, { refetchInterval: REFRESH_MS }));
  return (
    <QueryView query={cards} rows={4}>
      {(all) => (
        <ul className="crm-cards">
          {all.map((card) => (
            <CrmCard key={card.type} enterprise={enterprise} card={card} onConfigure={onConfigure} />
          ))}
        </ul>
      )}
    </QueryView>
  );
}

function CrmCard({
  enterprise,
  card,
  onConfigure,
}: {
  enterprise: string;
  card: Card;
  onConfigure(type: string, waits: boolean): void;
}) {
  const t = useText();
  const toast = useToast();
  const { type, title, enabled, version } = card;
  const toggle = useMutation(
    api.integrations.toggle.mutationOptions({
      onSuccess({ version: saved, enabled: on }, sent) {
        queries.setQueryData(api.integrations.list.queryKey({ enterprise }), (all) =>
          all?.map((one) => (one.type === type ? { ...one, version: saved, enabled: on } : one)),
        );
        toast(sent.enabled ? t.integrations.switchedOn(title) : t.integrations.switchedOff(title));
        if (sent.enabled) onConfigure(type, false);
      },
      onError(error, sent) {
        // It lacks settings: the form is where they are given, and saving it switches it on.
        if (sent.enabled && (faultOf(error)?.fields.length ?? 0) > 0) return onConfigure(type, true);
        const what = sent.enabled ? t.integrations.notSwitched(title) : t.integrations.notSwitchedOff(title);
        toast(`${what}. ${errorText(error, t)}`, 'bad');
      },
      onSettled: () => queries.invalidateQueries({ queryKey: api.integrations.list.queryKey({ enterprise }) }),
    }),
  );
  // What was asked for shows at once, and goes back by itself when it did not come to be.
  const shown = toggle.isPending ? toggle.variables.enabled : enabled;
  return (
    <li className="crm-card">
      <div className="row row-apart">
        <h3>{title}</h3>
        <Toggle
          label={t.integrations.on(title)}
          hideLabel
          checked={shown}
          busy={toggle.isPending}
          onChange={(wanted) => toggle.mutate({ enterprise, type, enabled: wanted, version })}
        />
      </div>
      <CardLight card={card} />
      <div className="crm-card-foot">
        <Button
          small
          icon={<Settings size={16} aria-hidden />}
          disabled={!shown}
          aria-label={`${t.integrations.configure}: ${title}`}
          title={shown ? undefined : t.integrations.configureOff}
          onClick={() => onConfigure(type, false)}
        >
          {t.integrations.configure}
        </Button>
      </div>
    </li>
  );
}
