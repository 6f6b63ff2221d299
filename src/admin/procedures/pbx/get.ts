import { masked } from '../../integration-form.js';
import { ofEnterprise } from '../../procedures.js';

/** How its PBX is reached, without the secret, and how that goes. Null: only webhooks tell of its calls. */
export const get = ofEnterprise.query(({ ctx, input }) => {
  const { directory, pbx } = ctx.services;
  const enterprise = directory.byNumber(input.enterprise);
  if (!enterprise)
    return {
      settings: null,
      state: null,
      shared: 0,
      sources: [],
      problem: directory.stats().problems.get(input.enterprise) ?? null,
    };
  const { pbx: target, pbxKey, inboundContexts, extensionPattern, sources, lines } = enterprise;
  return {
    settings: target && {
      host: target.host,
      port: target.port,
      tls: target.tls,
      username: target.username,
      secret: masked(target.secret),
      transport: target.transport,
      encoding: target.encoding,
      inboundContexts,
      extensionPattern,
      lines: lines?.map(({ id, name }) => ({ id, name })) ?? null,
    },
    /** Null: no link here, or another daemon has it. */
    state: pbx.state(pbxKey),
    /** Other enterprises on the same PBX. */
    shared: directory.onPbx(pbxKey).length - 1,
    sources,
    problem: directory.stats().problems.get(input.enterprise) ?? null,
  };
});
