/**
 * One integration: its form, the test of the connection and who is who.
 *
 * A save carries the version the form was read with. When somebody else saved in between it is refused; what was written
 * stays in the form, and the other's version can be loaded under it.
 */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, queries } from '../../api.js';
import { useLanguage, useText } from '../../i18n/language.js';
import { faultText } from '../../i18n/fault-text.js';
import type { Messages } from '../../i18n/ru.js';
import { Button } from '../../parts/button.js';
import { Conflict, useConflict } from '../../parts/conflict.js';
import { Modal } from '../../parts/modal.js';
import { Notice } from '../../parts/notice.js';
import { QueryView } from '../../parts/query-view.js';
import { useToast } from '../../parts/toasts.js';
import { Toggle } from '../../parts/toggle.js';
import { errorText, faultOf } from '../../platform/errors.js';
import { ConnectionTest } from './connection-test.js';
import { missing, settingsToSend } from './draft.js';
import type { Draft, Form } from './draft.js';
import { LetIn } from './let-in.js';
import { Mapping } from './mapping.js';
import { RemoveIntegration } from './remove-integration.js';
import { SettingsForm } from './settings-form.js';
import type { Faults } from './settings-form.js';

interface CrmSettingsProps {
  enterprise: string;
  type: string;
  onUnsaved(unsaved: boolean): void;
  /** It was switched on, which waits for settings: saving does it. */
  switchOn: boolean;
  /** May be asked whether to lose what is unsaved. */
  onBack(): void;
  /** It is gone. */
  onRemoved(): void;
}

export function CrmSettings(props: CrmSettingsProps) {
  const t = useText();
  const { enterprise, type, onBack } = props;
  const form = useQuery(
    // What is in a form does not change under the hands of who fills it.
    api.integrations.get.queryOptions(
      { enterprise, type },
      { staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false },
    ),
  );
  if (form.data) return <Loaded {...props} form={form.data} reload={form.refetch} />;
  return (
    <Modal open title={t.settings.title('')} size="wide" onClose={onBack}>
      <QueryView query={form} rows={6}>
        {() => null}
      </QueryView>
    </Modal>
  );
}

function Loaded({
  enterprise,
  type,
  form,
  switchOn,
  reload,
  onUnsaved,
  onBack,
  onRemoved,
}: CrmSettingsProps & { form: Form; reload(): Promise<unknown> }) {
  const { text: t } = useLanguage();
  const toast = useToast();
  const [draft, setDraft] = useState<Draft>({});
  const [enabled, setEnabled] = useState(form.enabled || switchOn);
  const [faults, setFaults] = useState<Faults>({});
  const body = useRef<HTMLDivElement>(null);
  const unsaved = Object.keys(draft).length > 0 || enabled !== form.enabled;
  useEffect(() => onUnsaved(Object.keys(draft).length > 0), [draft, onUnsaved]);

  const save = useMutation(
    api.integrations.save.mutationOptions({
      async onSuccess() {
        toast(t.common.saved);
        await Promise.all([
          reload(),
          queries.invalidateQueries({ queryKey: api.integrations.list.queryKey({ enterprise }) }),
          queries.invalidateQueries({ queryKey: api.integrations.mapping.queryKey({ enterprise, type }) }),
          queries.invalidateQueries({ queryKey: api.integrations.howToLetIn.queryKey({ enterprise, type }) }),
        ]);
        setDraft({});
      },
      onError: showFaults,
    }),
  );
  const conflict = useConflict(save, reload);

  function show(found: Faults): void {
    setFaults(found);
    // After it is drawn: a folded part opens when a fault is in it.
    setTimeout(() => body.current?.querySelector<HTMLElement>('.field[data-invalid] .input')?.focus());
  }

  function showFaults(error: unknown): void {
    show(faultsOf(error, t));
  }

  function submit(): void {
    const empty = enabled ? missing(form, draft) : [];
    save.reset();
    show(Object.fromEntries(empty.map((name) => [name, t.settings.required])));
    if (empty.length === 0)
      save.mutate({ enterprise, type, version: form.version, enabled, settings: settingsToSend(form, draft) });
  }

  const wrong = Object.keys(faults).length;
  return (
    <Modal
      open
      size="wide"
      title={t.settings.title(form.title)}
      onClose={onBack}
      footer={
        <>
          <Button look="main" busy={save.isPending || conflict.isLoading} disabled={!unsaved} onClick={submit}>
            {t.common.save}
          </Button>
          <Button onClick={onBack}>{unsaved ? t.common.cancel : t.common.close}</Button>
        </>
      }
    >
      <div ref={body} className="stack">
        <Conflict conflict={conflict} />
        {wrong > 0 && <Notice tone="bad" title={t.settings.wrongFields(wrong)} />}
        {save.isError && !conflict.isThere && wrong === 0 && (
          <Notice tone="bad" title={t.common.failed} isAnswer>
            {errorText(save.error, t)}
          </Notice>
        )}
        {form.version === 0 && <Notice tone="info">{t.settings.fillIn(form.title)}</Notice>}
        <LetIn enterprise={enterprise} type={type} />
        <Toggle label={t.settings.enabled} checked={enabled} busy={save.isPending} onChange={setEnabled} />
        <SettingsForm form={form} draft={draft} faults={faults} disabled={save.isPending} onChange={setDraft}>
          <ConnectionTest
            enterprise={enterprise}
            type={type}
            settings={() => settingsToSend(form, draft)}
            onFaults={showFaults}
          />
        </SettingsForm>
        {'user_extensions' in form.fields && (
          <Mapping enterprise={enterprise} type={type} running={form.enabled} onSaved={reload} />
        )}
        {form.configured && (
          <RemoveIntegration
            enterprise={enterprise}
            type={type}
            title={form.title}
            version={form.version}
            onRemoved={() => {
              onUnsaved(false);
              onRemoved();
            }}
          />
        )}
      </div>
    </Modal>
  );
}

/** By the setting's name, whatever is wrong inside of it. */
function faultsOf(error: unknown, t: Messages): Faults {
  const fields = faultOf(error)?.fields ?? [];
  return Object.fromEntries(
    fields.toReversed().map(({ path, message }) => {
      const parts = path.split('.');
      return [(parts[0] === 'settings' ? parts[1] : parts[0]) ?? '', faultText(message, t)];
    }),
  );
}
