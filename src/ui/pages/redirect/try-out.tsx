import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { FormEvent } from 'react';
import { client } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/fields.js';
import { Notice } from '../../parts/notice.js';
import { Panel } from '../../parts/panel.js';
import { errorText, faultOf } from '../../platform/errors.js';
import { Asked } from './asked.js';

/** Whom a call of this client would go to now. Nothing is done. */
export function TryOut({ enterprise }: { enterprise: string }) {
  const t = useText();
  const [phone, setPhone] = useState('');
  const [line, setLine] = useState('');
  const trial = useMutation({
    mutationFn: () => client.redirect.tryOut.query({ enterprise, phone: phone.trim(), line: line.trim() || null }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (phone.trim() !== '') trial.mutate();
  };
  const notSetUp = faultOf(trial.error)?.code === 'PRECONDITION_FAILED';
  return (
    <Panel title={t.redirect.tryOut}>
      <form className="filters" onSubmit={submit}>
        <TextField label={t.calls.client} inputMode="tel" value={phone} onChange={setPhone} required />
        <TextField label={t.calls.line} value={line} onChange={setLine} />
        <div className="row">
          <Button type="submit" busy={trial.isPending}>
            {t.redirect.tryNow}
          </Button>
        </div>
      </form>
      {trial.isError && <Notice tone="warn">{notSetUp ? t.redirect.notSetUp : errorText(trial.error, t)}</Notice>}
      {trial.data && (
        <Notice
          tone={trial.data.chosen === null ? 'info' : 'ok'}
          title={trial.data.chosen === null ? t.redirect.toNobody : t.redirect.to(trial.data.chosen)}
        >
          {trial.data.name !== null && <p>{trial.data.name}</p>}
          <p className="small">{t.said(trial.data.reason)}</p>
          <Asked asked={trial.data.asked} />
        </Notice>
      )}
    </Panel>
  );
}
