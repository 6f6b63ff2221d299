/** Every procedure there is. Clients import `type AppRouter`; a matrix test calls each with each level of rights. */
import { changePassword } from './procedures/auth/change-password.js';
import { logIn } from './procedures/auth/log-in.js';
import { logOut, logOutEverywhere } from './procedures/auth/log-out.js';
import { me } from './procedures/auth/me.js';
import { list as listEnterprises } from './procedures/enterprises/list.js';
import { get as getIntegration } from './procedures/integrations/get.js';
import { list as listIntegrations } from './procedures/integrations/list.js';
import { t } from './trpc.js';

export const appRouter = t.router({
  auth: { logIn, logOut, logOutEverywhere, me, changePassword },
  enterprises: { list: listEnterprises },
  integrations: { list: listIntegrations, get: getIntegration },
});

export type AppRouter = typeof appRouter;
