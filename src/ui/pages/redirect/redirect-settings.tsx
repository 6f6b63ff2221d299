import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, queries } from '../../api.js';
import type { Inputs, Outputs } from '../../api.js';
import { SettingField } from '../../forms/setting-field.js';
import type { JsonSchema } from '../../forms/field-kind.js';
import { faultTextAt } from '../../i18n/fault-text.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Conflict, useConflict } from '../../parts/conflict.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { useToast } from '../../parts/toasts.js';
import { errorText, faultOf } from '../../platform/errors.js';
import { useMe } from '../../session.js';

type Data = Outputs['redirect']['get'];

/** In the order a person thinks of them. What else the schema holds (rules of single lines) is set by import. */
const SHOWN = ['mode', 'shadowOf', 'otherwise', 'deadlineMs', 'order', 'shows', 'ringBusy'];
const OPERATORS = ['tech', 'waitSeconds', 'perSecond', 'localContexts', 'fleetContexts'];

export function RedirectSettings({
  enterprise,
  data,
  reload,
}: {
  enterprise: string;
  data: Data;
  reload(): Promise<unknown>;
}) {
  const t = useText();
  const toast = useToast();
  const me = useMe();
  const [draft, setDraft] = useState<Readonly<Record<string, unknown>>>({});
  const save = useMutation(
    api.redirect.save.mutationOptions({
      async onSuccess() {
        toast(t.common.saved);
        await Promise.all([reload(), queries.invalidateQueries({ queryKey: api.redirect.pathKey() })]);
        setDraft({});
      },
    }),
  );
  const { properties = {} } = data.schema as { properties?: Record<string, JsonSchema> };
  const faults = faultOf(save.error)?.fields ?? [];
  const conflict = useConflict(save, reload);
  const names = [...SHOWN, ...(me.kind === 'super' ? OPERATORS : [])].filter((name) => name in properties);
  return (
    <Panel
      title={t.redirect.settings}
      actions={
        <Button
          small
          look="main"
          busy={save.isPending || conflict.isLoading}
          disabled={Object.keys(draft).length === 0}
          onClick={() =>
            save.mutate({
              enterprise,
              version: data.version,
              settings: draft as Inputs['redirect']['save']['settings'],
            })
          }
        >
          {t.common.save}
        </Button>
      }
    >
      {data.settings === null && <Notice tone="info">{t.redirect.notSetUp}</Notice>}
      <Conflict conflict={conflict} />
      {save.isError && !conflict.isThere && faults.length === 0 && (
        <Notice tone="bad">{errorText(save.error, t)}</Notice>
      )}
      <div className="field-row">
        {names.map((name) => (
          <SettingField
            key={name}
            name={name}
            schema={properties[name] ?? {}}
            secret={false}
            label={t.redirect.fields[name] ?? name}
            help={t.redirect.help[name]}
            options={t.redirect.options}
            error={faultTextAt(faults, name, t)}
            value={name in draft ? draft[name] : data.settings?.[name]}
            onChange={(value) => setDraft({ ...draft, [name]: value })}
          />
        ))}
      </div>
    </Panel>
  );
}
