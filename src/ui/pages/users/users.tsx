/** Who may log in here: administrators of an enterprise, or the platform's operators. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { api } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Page } from '../../layout/page.js';
import { Panel } from '../../parts/panel.js';
import { Empty, QueryView } from '../../parts/query-view.js';
import { Tag } from '../../parts/light.js';
import { Table } from '../../parts/table.js';
import { Accounts } from './accounts.js';

export default function Users() {
  const t = useText();
  const { enterprise } = useParams<{ enterprise?: string }>();
  return (
    <Page title={enterprise === undefined ? t.users.operators : t.nav.users}>
      {enterprise === undefined ? <Operators /> : <OfEnterprise enterprise={enterprise} />}
    </Page>
  );
}

function Operators() {
  const list = useQuery(api.operators.list.queryOptions());
  return <QueryView query={list}>{(accounts) => <Accounts accounts={accounts} enterprise={null} />}</QueryView>;
}

function OfEnterprise({ enterprise }: { enterprise: string }) {
  const t = useText();
  const list = useQuery(api.users.list.queryOptions({ enterprise }));
  return (
    <QueryView query={list}>
      {({ accounts, users }) => (
        <>
          <Accounts accounts={accounts} enterprise={enterprise} />
          {users.length > 0 && (
            <Panel title={t.users.old} flush>
              <p className="panel-tools quiet small">{t.users.oldLead}</p>
              <Table
                label={t.users.old}
                rows={users}
                keyOf={({ id }) => String(id)}
                columns={[
                  { title: t.users.name, cell: ({ name }) => name },
                  { title: t.users.login, cell: ({ email }) => email },
                  {
                    title: t.users.state,
                    cell: ({ admin }) =>
                      admin ? <Tag tone="ok">{t.users.administrator}</Tag> : <Tag tone="off">{t.users.noRight}</Tag>,
                  },
                ]}
              />
            </Panel>
          )}
          {accounts.length === 0 && users.length === 0 && <Empty title={t.users.empty} />}
        </>
      )}
    </QueryView>
  );
}
