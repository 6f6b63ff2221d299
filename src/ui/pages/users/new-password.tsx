import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api.js';
import { faultText } from '../../i18n/fault-text.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/fields.js';
import { Modal } from '../../parts/modal.js';
import { Notice } from '../../parts/notice.js';
import { useToast } from '../../parts/toasts.js';
import { errorText, faultOf } from '../../platform/errors.js';

/** Ends every session of that account. */
export function NewPassword({
  account,
  enterprise,
  onClose,
}: {
  account: { id: string; login: string };
  enterprise: string | null;
  onClose(): void;
}) {
  const t = useText();
  const toast = useToast();
  const [password, setPassword] = useState('');
  const then = {
    onSuccess() {
      toast(t.common.saved);
      onClose();
    },
  };
  const set = useMutation(api.users.setPassword.mutationOptions(then));
  const setOperators = useMutation(api.operators.setPassword.mutationOptions(then));
  const running = enterprise === null ? setOperators : set;
  const fault = faultOf(running.error)?.fields[0]?.message;
  const sent = { id: account.id, password };
  return (
    <Modal
      open
      size="small"
      title={`${t.users.setPassword}: ${account.login}`}
      onClose={onClose}
      footer={
        <>
          <Button
            look="main"
            busy={running.isPending}
            disabled={password === ''}
            onClick={() => (enterprise === null ? setOperators.mutate(sent) : set.mutate({ enterprise, ...sent }))}
          >
            {t.common.save}
          </Button>
          <Button onClick={onClose}>{t.common.cancel}</Button>
        </>
      }
    >
      {running.isError && fault === undefined && <Notice tone="bad">{errorText(running.error, t)}</Notice>}
      <TextField
        label={t.users.newPassword}
        type="password"
        autoComplete="new-password"
        help={t.users.passwordHelp}
        value={password}
        onChange={setPassword}
        error={fault === undefined ? undefined : faultText(fault, t)}
      />
    </Modal>
  );
}
