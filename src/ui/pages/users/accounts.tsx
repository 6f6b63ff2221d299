import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { UserPlus } from 'lucide-react';
import { api, queries } from '../../api.js';
import type { Outputs } from '../../api.js';
import { useFormat } from '../../i18n/format.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/confirm.js';
import { Tag } from '../../parts/light.js';
import { Panel } from '../../parts/panel.js';
import { Empty } from '../../parts/query-view.js';
import { Table } from '../../parts/table.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';
import { NewAccount } from './new-account.js';
import { NewPassword } from './new-password.js';

type Account = Outputs['operators']['list'][number];

/** Accounts of ours. `enterprise` null: the platform's operators. */
export function Accounts({ accounts, enterprise }: { accounts: readonly Account[]; enterprise: string | null }) {
  const t = useText();
  const format = useFormat();
  const [dialog, setDialog] = useState<'new' | { password: Account } | { remove: Account } | null>(null);
  const actions = useAccountActions(enterprise);
  const close = () => setDialog(null);
  return (
    <Panel
      title={t.users.accounts}
      actions={
        <Button small icon={<UserPlus size={16} aria-hidden />} onClick={() => setDialog('new')}>
          {t.users.add}
        </Button>
      }
      flush
    >
      {accounts.length === 0 ? (
        <Empty title={t.users.empty} />
      ) : (
        <Table
          label={t.users.accounts}
          rows={accounts}
          keyOf={({ id }) => id}
          columns={[
            { title: t.users.login, cell: ({ login }) => <strong>{login}</strong> },
            { title: t.users.name, cell: ({ name }) => name || '—' },
            {
              title: t.users.state,
              cell: ({ disabled }) =>
                disabled ? <Tag tone="off">{t.users.disabled}</Tag> : <Tag tone="ok">{t.users.active}</Tag>,
            },
            {
              title: t.users.lastLogin,
              cell: ({ lastLoginAt }) => (
                <span className="number">{lastLoginAt === null ? t.common.never : format.moment(lastLoginAt)}</span>
              ),
            },
            {
              title: t.users.actions,
              hideTitle: true,
              end: true,
              cell: (account) => (
                <div className="row">
                  <Button
                    small
                    look="quiet"
                    aria-label={`${t.users.setPassword}: ${account.login}`}
                    onClick={() => setDialog({ password: account })}
                  >
                    {t.users.setPassword}
                  </Button>
                  <Button
                    small
                    look="quiet"
                    aria-label={`${account.disabled ? t.users.enable : t.users.disable}: ${account.login}`}
                    onClick={() => actions.update({ id: account.id, name: account.name, disabled: !account.disabled })}
                  >
                    {account.disabled ? t.users.enable : t.users.disable}
                  </Button>
                  <Button
                    small
                    look="quiet"
                    aria-label={`${t.common.remove}: ${account.login}`}
                    onClick={() => setDialog({ remove: account })}
                  >
                    {t.common.remove}
                  </Button>
                </div>
              ),
            },
          ]}
        />
      )}
      {dialog === 'new' && <NewAccount enterprise={enterprise} onClose={close} />}
      {dialog !== null && dialog !== 'new' && 'password' in dialog && (
        <NewPassword account={dialog.password} enterprise={enterprise} onClose={close} />
      )}
      <Confirm
        open={dialog !== null && dialog !== 'new' && 'remove' in dialog}
        title={t.users.removeAsk}
        action={t.common.remove}
        onCancel={close}
        onConfirm={() => {
          if (dialog !== null && dialog !== 'new' && 'remove' in dialog) actions.remove({ id: dialog.remove.id });
          close();
        }}
      >
        {t.users.removeWhy}
      </Confirm>
    </Panel>
  );
}

/** The same deeds, of an enterprise's administrators or of operators. */
function useAccountActions(enterprise: string | null) {
  const t = useText();
  const toast = useToast();
  const then = {
    onSuccess: () => toast(t.common.saved),
    onError: (error: unknown) => toast(errorText(error, t), 'bad'),
    onSettled: refreshAccounts,
  };
  const update = useMutation(api.users.update.mutationOptions(then));
  const remove = useMutation(api.users.remove.mutationOptions(then));
  const updateOperator = useMutation(api.operators.update.mutationOptions(then));
  const removeOperator = useMutation(api.operators.remove.mutationOptions(then));
  return {
    update: (change: { id: string; name: string; disabled: boolean }) =>
      enterprise === null ? updateOperator.mutate(change) : update.mutate({ enterprise, ...change }),
    remove: (which: { id: string }) =>
      enterprise === null ? removeOperator.mutate(which) : remove.mutate({ enterprise, ...which }),
  };
}

function refreshAccounts(): Promise<unknown> {
  return Promise.all([
    queries.invalidateQueries({ queryKey: api.users.pathKey() }),
    queries.invalidateQueries({ queryKey: api.operators.pathKey() }),
  ]);
}
