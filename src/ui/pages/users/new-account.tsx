import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, queries } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { faultTextAt } from '../../i18n/fault-text.js';
import { Button } from '../../parts/button.js';
import { TextField } from '../../parts/fields.js';
import { Modal } from '../../parts/modal.js';
import { Notice } from '../../parts/notice.js';
import { errorText, faultOf } from '../../platform/errors.js';

export function NewAccount({ enterprise, onClose }: { enterprise: string | null; onClose(): void }) {
  const t = useText();
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const then = {
    async onSuccess() {
      await queries.invalidateQueries({
        queryKey: enterprise === null ? api.operators.pathKey() : api.users.pathKey(),
      });
      onClose();
    },
  };
  const create = useMutation(api.users.create.mutationOptions(then));
  const createOperator = useMutation(api.operators.create.mutationOptions(then));
  const running = enterprise === null ? createOperator : create;
  const faults = faultOf(running.error)?.fields ?? [];
  const fault = (field: string) => faultTextAt(faults, field, t);
  const account = { login: login.trim(), name: name.trim(), password };
  return (
    <Modal
      open
      size="small"
      title={t.users.add}
      onClose={onClose}
      footer={
        <>
          <Button
            look="main"
            busy={running.isPending}
            disabled={account.login === '' || password === ''}
            onClick={() =>
              enterprise === null ? createOperator.mutate(account) : create.mutate({ enterprise, ...account })
            }
          >
            {t.common.add}
          </Button>
          <Button onClick={onClose}>{t.common.cancel}</Button>
        </>
      }
    >
      {running.isError && faults.length === 0 && <Notice tone="bad">{errorText(running.error, t)}</Notice>}
      <TextField label={t.users.login} value={login} onChange={setLogin} error={fault('login')} required />
      <TextField label={t.users.name} value={name} onChange={setName} error={fault('name')} />
      <TextField
        label={t.login.password}
        type="password"
        autoComplete="new-password"
        help={t.users.passwordHelp}
        value={password}
        onChange={setPassword}
        error={fault('password')}
        required
      />
    </Modal>
  );
}
