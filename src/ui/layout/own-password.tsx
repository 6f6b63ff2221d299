import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api.js';
import { faultTextAt } from '../i18n/fault-text.js';
import { useText } from '../i18n/language.js';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/fields.js';
import { Modal } from '../parts/modal.js';
import { Notice } from '../parts/notice.js';
import { errorText, faultOf } from '../platform/errors.js';

/** One's own password. Every log-in of the account ends, this one too. */
export default function OwnPassword({ onChanged, onClose }: { onChanged(): void; onClose(): void }) {
  const t = useText();
  const [old, setOld] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation(api.auth.changePassword.mutationOptions({ onSuccess: onChanged }));
  const faults = faultOf(change.error)?.fields ?? [];
  const fault = (field: string) => faultTextAt(faults, field, t);
  return (
    <Modal
      open
      size="small"
      title={t.nav.changePassword}
      onClose={onClose}
      footer={
        <>
          <Button
            look="main"
            busy={change.isPending}
            disabled={old === '' || password === ''}
            onClick={() => change.mutate({ old, password })}
          >
            {t.common.save}
          </Button>
          <Button onClick={onClose}>{t.common.cancel}</Button>
        </>
      }
    >
      {change.isError && faults.length === 0 && <Notice tone="bad">{errorText(change.error, t)}</Notice>}
      <TextField
        label={t.nav.oldPassword}
        type="password"
        autoComplete="current-password"
        value={old}
        onChange={setOld}
        error={fault('old')}
      />
      <TextField
        label={t.users.newPassword}
        type="password"
        autoComplete="new-password"
        help={t.nav.passwordHelp}
        value={password}
        onChange={setPassword}
        error={fault('password')}
      />
    </Modal>
  );
}
