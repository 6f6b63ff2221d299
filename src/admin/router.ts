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
import { loadUsers, users as crmUsers } from './procedures/integrations/users.js';
import { get as getCall } from './procedures/calls/get.js';
import { list as listCalls } from './procedures/calls/list.js';
import { counts } from './procedures/deliveries/counts.js';
import { list as listDeliveries } from './procedures/deliveries/list.js';
import { progress, replay, replayDead } from './procedures/deliveries/replay.js';
import { get as getLog } from './procedures/logs/get.js';
import { list as listLogs } from './procedures/logs/list.js';
import { live as liveLogs } from './procedures/logs/live.js';
import { all as allAudit, list as listAudit } from './procedures/audit/list.js';
import { get as getEnterprise } from './procedures/enterprises/get.js';
import { save as saveEnterprise, setMode } from './procedures/enterprises/save.js';
import { get as getPbx } from './procedures/pbx/get.js';
import { liveCalls } from './procedures/pbx/live-calls.js';
import { reconnect } from './procedures/pbx/reconnect.js';
import { decisions, report } from './procedures/redirect/decisions.js';
import { get as getRedirect, save as saveRedirect } from './procedures/redirect/settings.js';
import { tryOut } from './procedures/redirect/try-out.js';
import { overTime } from './procedures/stats/over-time.js';
import { ofToday, platform } from './procedures/stats/summary.js';
import * as users from './procedures/users/of-enterprise.js';
import * as operators from './procedures/users/operators.js';
import { config, saveConfig } from './procedures/integrations/config.js';
import { rows as logRows } from './procedures/logs/rows.js';
import { run as runDoctor } from './procedures/doctor/run.js';
import { days as reconciledDays } from './procedures/reconciliation/days.js';
import { run as reconcileDay } from './procedures/reconciliation/run.js';
import * as alertActs from './procedures/alerts/act.js';
import * as alertList from './procedures/alerts/list.js';
import * as alertSettings from './procedures/alerts/settings.js';
import { t } from './trpc.js';

export const appRouter = t.router({
  auth: { logIn, logOut, logOutEverywhere, me, changePassword },
  enterprises: { list: listEnterprises, get: getEnterprise, save: saveEnterprise, setMode },
  integrations: {
    list: listIntegrations,
    get: getIntegration,
    save,
    toggle,
    testConnection,
    users: crmUsers,
    loadUsers,
    mapping,
    saveMapping,
    remove,
    howToLetIn,
    config,
    saveConfig,
  },
  doctor: { run: runDoctor },
  reconciliation: { days: reconciledDays, run: reconcileDay },
  pbx: { get: getPbx, reconnect, liveCalls },
  redirect: { get: getRedirect, save: saveRedirect, decisions, report, tryOut },
  stats: { today: ofToday, overTime, platform },
  users: {
    list: users.list,
    create: users.create,
    update: users.update,
    setPassword: users.setPassword,
    remove: users.remove,
  },
  operators: {
    list: operators.listOperators,
    create: operators.createOperator,
    update: operators.updateOperator,
    setPassword: operators.setOperatorPassword,
    remove: operators.removeOperator,
  },
  alerts: {
    list: alertList.list,
    all: alertList.all,
    count: alertList.count,
    countAll: alertList.countAll,
    acknowledge: alertActs.acknowledge,
    mute: alertActs.mute,
    settings: alertSettings.settings,
    saveSettings: alertSettings.saveSettings,
    sendTest: alertSettings.sendTest,
    platformSettings: alertSettings.platformSettings,
    savePlatformSettings: alertSettings.savePlatformSettings,
    sendPlatformTest: alertSettings.sendPlatformTest,
  },
  audit: { list: listAudit, all: allAudit },
  logs: { list: listLogs, get: getLog, live: liveLogs, rows: logRows },
  calls: { list: listCalls, get: getCall },
  deliveries: { list: listDeliveries, counts, replay, replayDead, progress },
});

export type AppRouter = typeof appRouter;
