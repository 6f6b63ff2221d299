import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Send } from 'lucide-react';
import { client } from '../../api.js';
import type { Inputs, Outputs } from '../../api.js';
import type { JsonSchema } from '../../forms/field-kind.js';
import { SecretField } from '../../forms/secret-field.js';
import { SettingField } from '../../forms/setting-field.js';
import { faultTextAt } from '../../i18n/fault-text.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Conflict, useConflict } from '../../parts/conflict.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { Toggle } from '../../parts/toggle.js';
import { useToast } from '../../parts/toasts.js';
import { errorText, faultOf } from '../../platform/errors.js';
import './alerts.css';

type Form = Outputs['alerts']['settings'];
type Sent = Omit<Inputs['alerts']['saveSettings'], 'enterprise'>;
type Kind = keyof ReturnType<typeof useText>['alerts']['kinds'];

const TELEGRAM = ['telegramChat', 'telegramUrl'] as const;
const THRESHOLDS = [
  'language',
  'reminderHours',
  'errorPercent',
  'errorMinutes',
  'errorAttempts',
  'linkMinutes',
  'queueMinutes',
  'tokenDays',
] as const;

export function AlertSettings({
  enterprise,
  data,
  reload,
}: {
  enterprise: string | undefined;
  data: Form;
  reload(): Promise<unknown>;
}) {
  const t = useText();
  const toast = useToast();
  const [draft, setDraft] = useState<Readonly<Record<string, unknown>>>({});
  const [secrets, setSecrets] = useState<Readonly<Record<string, string | null>>>({});
  const save = useMutation({
    mutationFn: (form: Sent) =>
      enterprise === undefined
        ? client.alerts.savePlatformSettings.mutate(form)
        : client.alerts.saveSettings.mutate({ enterprise, ...form }),
    async onSuccess() {
      toast(t.common.saved);
      await reload();
      setDraft({});
      setSecrets({});
    },
  });
  const test = useMutation({
    mutationFn: () =>
      enterprise === undefined
        ? client.alerts.sendPlatformTest.mutate()
        : client.alerts.sendTest.mutate({ enterprise }),
  });
  const conflict = useConflict(save, reload);
  const faults = faultOf(save.error)?.fields ?? [];
  const isChanged = Object.keys(draft).length + Object.keys(secrets).length > 0;
  const { properties = {} } = data.schema as { properties?: Record<string, JsonSchema> };
  const standing: Readonly<Record<string, unknown>> = { ...data.settings, ...draft };
  const off = (standing['off'] ?? []) as readonly string[];

  const fault = (name: string) => faultTextAt(faults, name, t);
  const field = (name: (typeof TELEGRAM)[number] | (typeof THRESHOLDS)[number]) => (
    <SettingField
      key={name}
      name={name}
      schema={properties[name] ?? {}}
      secret={false}
      label={t.alerts.fields[name]}
      help={t.alerts.help[name]}
      options={t.alerts.languages}
      error={fault(name)}
      value={standing[name]}
      onChange={(value) => setDraft({ ...draft, [name]: value })}
    />
  );
  const secret = (name: 'botToken' | 'webhookUrl') => {
    const kept = data.secrets[name];
    const value = name in secrets ? secrets[name] : kept;
    return (
      <div>
        <SecretField
          name={name}
          label={t.alerts.fields[name]}
          help={name === 'webhookUrl' && data.webhookHost !== null ? data.webhookHost : t.alerts.help[name]}
          error={fault(name)}
          value={value}
          onChange={(next) => {
            const { [name]: _, ...rest } = secrets;
            setSecrets(next === kept ? rest : { ...rest, [name]: typeof next === 'string' ? next : null });
          }}
        />
        {kept !== null && value !== null && (
          <Button
            small
            look="quiet"
            aria-label={`${t.common.remove}: ${t.alerts.fields[name]}`}
            onClick={() => setSecrets({ ...secrets, [name]: null })}
          >
            {t.common.remove}
          </Button>
        )}
      </div>
    );
  };

  return (
    <Panel
      title={t.alerts.settings}
      actions={
        <>
          <Button
            small
            icon={<Send size={15} aria-hidden />}
            busy={test.isPending}
            disabled={isChanged || data.channels.length === 0}
            onClick={() => test.mutate()}
          >
            {t.alerts.test}
          </Button>
          <Button
            small
            look="main"
            busy={save.isPending || conflict.isLoading}
            disabled={!isChanged}
            onClick={() => save.mutate({ version: data.version, settings: draft as Sent['settings'], secrets })}
          >
            {t.common.save}
          </Button>
        </>
      }
    >
      {data.channels.length === 0 && <Notice tone="info">{t.alerts.nobody}</Notice>}
      {data.troubles.map(({ channel, why, waiting }) => (
        <Notice key={channel} tone="warn" title={t.alerts.notArriving(t.alerts.channels[channel], waiting)}>
          {why}
        </Notice>
      ))}
      {test.data?.channels.map(({ channel, why }) => (
        <Notice
          key={channel}
          tone={why === null ? 'ok' : 'bad'}
          title={why === null ? t.alerts.arrived(t.alerts.channels[channel]) : t.alerts.channels[channel]}
        >
          {why}
        </Notice>
      ))}
      {test.isError && <Notice tone="bad">{errorText(test.error, t)}</Notice>}
      <Conflict conflict={conflict} />
      {save.isError && !conflict.isThere && faults.length === 0 && (
        <Notice tone="bad">{errorText(save.error, t)}</Notice>
      )}
      <h3>{t.alerts.where}</h3>
      <div className="field-row">
        {secret('botToken')}
        {TELEGRAM.map(field)}
        {secret('webhookUrl')}
      </div>
      <h3>{t.alerts.when}</h3>
      <div className="field-row">{THRESHOLDS.map(field)}</div>
      <h3>{t.alerts.ofWhat}</h3>
      <div className="alert-kinds">
        {(Object.keys(t.alerts.kinds) as Kind[]).map((kind) => (
          <Toggle
            key={kind}
            label={t.alerts.kinds[kind]}
            checked={!off.includes(kind)}
            onChange={(on) => setDraft({ ...draft, off: on ? off.filter((one) => one !== kind) : [...off, kind] })}
          />
        ))}
      </div>
    </Panel>
  );
}
