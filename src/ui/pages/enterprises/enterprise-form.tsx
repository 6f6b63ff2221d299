/**
 * The operator makes an enterprise, edits it, switches it off. A save carries the version that was read; when somebody else saved
 * in between, his version can be loaded under what was written here.
 */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, queries } from '../../api.js';
import type { Inputs } from '../../api.js';
import { faultAt, faultText } from '../../i18n/fault-text.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Conflict, useConflict } from '../../parts/conflict.js';
import { SelectField, TextAreaField, TextField } from '../../parts/fields.js';
import { Modal } from '../../parts/modal.js';
import { Notice } from '../../parts/notice.js';
import { QueryView } from '../../parts/query-view.js';
import { useToast } from '../../parts/toasts.js';
import { Toggle } from '../../parts/toggle.js';
import { errorText, faultOf } from '../../platform/errors.js';
import { draftOf, entryOf } from './draft.js';
import type { Draft, Entry } from './draft.js';

interface Read {
  version: number | null;
  entry: Entry | null;
}

/** `number` null: a new one. */
export function EnterpriseForm({ number, onClose }: { number: string | null; onClose(): void }) {
  const t = useText();
  const read = useQuery(
    api.enterprises.get.queryOptions(
      { enterprise: number ?? '' },
      { enabled: number !== null, staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false },
    ),
  );
  if (number === null) return <Form read={{ version: null, entry: null }} onClose={onClose} />;
  if (read.data) return <Form read={read.data} onClose={onClose} onReload={read.refetch} />;
  return (
    <Modal open title={t.enterprises.edit} onClose={onClose}>
      <QueryView query={read}>{() => null}</QueryView>
    </Modal>
  );
}

function Form({ read, onClose, onReload }: { read: Read; onClose(): void; onReload?(): Promise<unknown> }) {
  const t = useText();
  const toast = useToast();
  const [changed, setChanged] = useState<Partial<Draft>>({});
  const draft = { ...draftOf(read.entry), ...changed };
  const change = (more: Partial<Draft>) => setChanged({ ...changed, ...more });
  const save = useMutation(
    api.enterprises.save.mutationOptions({
      async onSuccess({ warnings }) {
        toast(warnings.length === 0 ? t.common.saved : warnings.map(t.said).join('; '));
        await queries.invalidateQueries({ queryKey: api.enterprises.pathKey() });
        onClose();
      },
    }),
  );
  const isNew = read.entry === null;
  const conflict = useConflict(save, onReload);
  const faults = faultOf(save.error)?.fields ?? [];
  const shown = new Set<string>();
  const text = (field: TextOf, place: string) => {
    const fault = faultAt(faults, place);
    if (fault) shown.add(fault.path);
    return {
      value: draft[field],
      onChange: (value: string) => change({ [field]: value }),
      error: fault && faultText(fault.message, t),
    };
  };
  const f = t.enterprises.fields;
  const form = (
    <div className="stack">
      <TextField label={f.number} {...text('number', 'number')} disabled={!isNew} required />
      <TextField label={f.name} {...text('name', 'name')} />
      <SelectField
        label={t.enterprises.mode}
        help={t.enterprises.modeHelp}
        choices={(['off', 'shadow', 'on'] as const).map((value) => ({
          value,
          label: t.enterprises.modes[value] ?? value,
        }))}
        {...text('mode', 'mode')}
      />
      <TextField label={f.token} help={isNew ? f.tokenNew : f.kept} {...text('token', 'token')} />
      <TextField label={f.timezone} {...text('timezone', 'timezone')} required />
      <TextField label={f.country} help={f.countryHelp} {...text('country', 'country')} required />
      <TextAreaField label={f.extensions} help={f.extensionsHelp} {...text('extensions', 'extensions')} />
      <TextAreaField label={f.lines} help={f.linesHelp} {...text('lines', 'lines')} />
      <h3>{t.enterprises.pbx}</h3>
      <TextField label={f.host} help={f.hostHelp} {...text('host', 'pbx.host')} />
      <TextField label={f.port} inputMode="numeric" {...text('port', 'pbx.port')} />
      <Toggle label={f.tls} checked={draft.tls} onChange={(tls) => change({ tls })} />
      <TextField label={t.pbx.user} {...text('username', 'pbx.username')} />
      <TextField
        label={t.pbx.secret}
        type="password"
        autoComplete="new-password"
        help={isNew ? undefined : f.kept}
        {...text('secret', 'pbx.secret')}
      />
      <TextField label={t.pbx.contexts} help={f.contextsHelp} {...text('contexts', 'inboundContexts')} />
      <TextField label={f.pattern} help={f.patternHelp} {...text('pattern', 'extensionPattern')} />
      <h3>{t.pbx.sources}</h3>
      <Toggle label="AMI" checked={draft.ami} onChange={(ami) => change({ ami })} />
      <Toggle label={f.webhooks} checked={draft.webhook} onChange={(webhook) => change({ webhook })} />
    </div>
  );
  const others = faults.filter(({ path }) => !shown.has(path));
  return (
    <Modal
      open
      title={isNew ? t.enterprises.add : `${t.enterprises.edit}: ${draft.number}`}
      onClose={onClose}
      footer={
        <>
          <Button
            look="main"
            busy={save.isPending || conflict.isLoading}
            disabled={draft.number.trim() === ''}
            onClick={() =>
              save.mutate({
                version: read.version,
                entry: entryOf(draft, read.entry) as Inputs['enterprises']['save']['entry'],
              })
            }
          >
            {t.common.save}
          </Button>
          <Button onClick={onClose}>{t.common.cancel}</Button>
        </>
      }
    >
      {conflict.isThere && isNew && <Notice tone="warn" title={t.enterprises.thereAlready} isAnswer />}
      {onReload && <Conflict conflict={conflict} />}
      {save.isError && !conflict.isThere && (
        <Notice tone="bad" title={t.common.failed} isAnswer>
          {faults.length === 0
            ? errorText(save.error, t)
            : others.map(({ path, message }) => <p key={path}>{`${path}: ${faultText(message, t)}`}</p>)}
        </Notice>
      )}
      {form}
    </Modal>
  );
}

type TextOf = { [K in keyof Draft]: Draft[K] extends string ? K : never }[keyof Draft];
