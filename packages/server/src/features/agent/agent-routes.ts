import { agentRoutes, floorRoutes, userRoutes } from '@qianhu/contracts';
import type { AgentId } from '@qianhu/core';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/port.ts';
import { addRoute, DONE } from '../../http/route.ts';
import type { AgentService } from './agent-service.ts';

/** The agent's page, and the floor that supervisors watch. */
export const registerAgentRoutes = (
  app: FastifyInstance,
  { agents, engine }: { readonly agents: AgentService; readonly engine: Pick<Engine, 'floor'> },
): void => {
  addRoute(app, agentRoutes.getAgentMe, ({ viewer }) => agents.me(viewer));
  addRoute(app, agentRoutes.getAgentCall, ({ viewer }) => agents.call(viewer));
  addRoute(app, agentRoutes.mintSoftphone, ({ viewer }) => agents.mintSoftphone(viewer));
  addRoute(app, agentRoutes.logInStation, ({ viewer }) => agents.logIn(viewer));
  addRoute(app, agentRoutes.logOutStation, ({ viewer }) => agents.logOut(viewer));
  addRoute(app, agentRoutes.ready, ({ viewer }) => agents.ready(viewer));
  addRoute(app, agentRoutes.pause, ({ viewer, body }) => agents.pause(viewer, body.reason));
  addRoute(app, agentRoutes.hangUp, ({ viewer }) => agents.hangUp(viewer));
  addRoute(app, agentRoutes.hold, ({ viewer, body }) => agents.hold(viewer, body.held));
  addRoute(app, agentRoutes.dtmf, ({ viewer, body }) => agents.dtmf(viewer, body.digits));
  addRoute(app, agentRoutes.dispose, ({ viewer, body }) => agents.dispose(viewer, body));
  addRoute(app, agentRoutes.logOutAgent, async ({ params }) => {
    await agents.logOutAgent(params.agentId);
    return DONE;
  });
  addRoute(app, userRoutes.mintPhoneAccount, ({ viewer, params }) =>
    agents.mintPhoneAccount(viewer, params.userId as string as AgentId),
  );
  addRoute(app, floorRoutes.getFloor, () => Promise.resolve(engine.floor()));
};
