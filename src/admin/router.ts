/** Every procedure there is. Clients import `type AppRouter`; a matrix test calls each with each level of rights. */
import { changePassword } from './procedures/auth/change-password.js';
import { logIn } from './procedures/auth/log-in.js';
import { logOut, logOutEverywhere } from './procedures/auth/log-out.js';
import { me } from './procedures/auth/me.js';
import { list as listEnterprises } from './procedures/enterprises/list.js';
import { get as getIntegration } from './procedures/integrations/get.js';
import { howToLetIn } from './procedures/integrations/how-to-let-in.js';
import { list as listIntegrations } from './procedures/integrations/list.js';
import { mapping, saveMapping } from './procedures/integrations/mapping.js';
import { remove } from './procedures/integrations/remove.js';
import { save } from './procedures/integrations/save.js';
import { testConnection } from './procedures/integrations/test-connection.js';
import { toggle } from './procedures/integrations/toggle.js';
import { loadUsers, users } from './procedures/integrations/users.js';
import { t } from './trpc.js';

export const appRouter = t.router({
  auth: { logIn, logOut, logOutEverywhere, me, changePassword },
  enterprises: { list: listEnterprises },
  integrations: {
    list: listIntegrations,
    get: getIntegration,
    save,
    toggle,
    testConnection,
    users,
    loadUsers,
    mapping,
    saveMapping,
    remove,
    howToLetIn,
  },
});

export type AppRouter = typeof appRouter;
