import { auditRoutes, sessionRoutes, userRoutes, type Me, type UserId } from '@qianhu/contracts';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { addRoute, DONE } from '../../http/route.ts';
import { numbersAreMaskedFor, personOf, type Viewer } from '../../http/viewer.ts';
import type { AuditStore } from './audit-store.ts';
import type { IdentityService } from './identity-service.ts';

export type IdentityRouteDeps = {
  readonly identity: IdentityService;
  readonly audit: Pick<AuditStore, 'page'>;
  readonly cookie: { readonly name: string; readonly isSecure: boolean };
  readonly maskNumbersForAgents: () => Promise<boolean>;
  readonly isDemoLoaded: () => Promise<boolean>;
  /** Told after a person was added or changed, so that the engine follows. */
  readonly onUserChanged: (userId: UserId) => Promise<void>;
};

/** Session, people and audit. */
export const registerIdentityRoutes = (app: FastifyInstance, deps: IdentityRouteDeps): void => {
  const { identity, cookie } = deps;
  const options = { path: '/', httpOnly: true, sameSite: 'strict', secure: cookie.isSecure } as const;
  const clearCookie = (reply: FastifyReply): void => {
    reply.clearCookie(cookie.name, options);
  };
  const meOf = async (viewer: Viewer): Promise<Me> => ({
    user: await identity.user(personOf(viewer)),
    demo: await deps.isDemoLoaded(),
    numbersMasked: numbersAreMaskedFor(viewer, await deps.maskNumbersForAgents()),
  });

  addRoute(app, sessionRoutes.login, async ({ body, request, reply, audit }) => {
    const { token, user, viewer } = await identity.logIn({
      ...body,
      address: request.ip,
      userAgent: request.headers['user-agent'],
    });
    // A session of before in the same browser ends: its cookie is about to be forgotten.
    if (request.viewer?.sessionKey !== undefined) await identity.logOut(request.viewer.sessionKey);
    reply.setCookie(cookie.name, token, options);
    request.viewer = viewer;
    audit({ subjectId: user.userId });
    return meOf(viewer);
  });
  addRoute(app, sessionRoutes.logout, async ({ viewer, reply, audit }) => {
    if (viewer.sessionKey !== undefined) await identity.logOut(viewer.sessionKey);
    if (viewer.userId !== undefined) audit({ subjectId: viewer.userId });
    clearCookie(reply);
    return DONE;
  });
  addRoute(app, sessionRoutes.getMe, async ({ viewer }) => meOf(viewer));
  addRoute(app, sessionRoutes.updateMe, async ({ viewer, body, audit }) => {
    if (body.locale !== undefined) await identity.setLocale(personOf(viewer), body.locale);
    audit({ subjectId: personOf(viewer), details: body });
    return meOf(viewer);
  });
  addRoute(app, sessionRoutes.changePassword, async ({ viewer, body, audit }) => {
    await identity.changePassword(viewer, body.currentPassword, body.newPassword);
    audit({ subjectId: personOf(viewer) });
    return DONE;
  });

  addRoute(app, userRoutes.listUsers, async () => ({ items: await identity.listUsers() }));
  addRoute(app, userRoutes.createUser, async ({ body, audit }) => {
    const created = await identity.createUser(body);
    audit({ subjectId: created.user.userId, details: { role: created.user.role } });
    await deps.onUserChanged(created.user.userId);
    return created;
  });
  addRoute(app, userRoutes.updateUser, async ({ params, body, viewer, audit }) => {
    const user = await identity.updateUser(params.userId, body, viewer);
    audit({ details: { fields: Object.keys(body) } });
    await deps.onUserChanged(params.userId);
    return user;
  });
  addRoute(app, userRoutes.revokeSessions, async ({ params }) => {
    await identity.revokeSessions(params.userId);
    return DONE;
  });

  addRoute(app, auditRoutes.listAudit, ({ query }) => deps.audit.page(query));
};
