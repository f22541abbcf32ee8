export { AriClient, AriError } from './ari-client.ts';
export type { AriClientHandlers, AriClientOptions, AriRequest, AriResponse, AriState } from './ari-client.ts';
export { ARI_EVENT_TYPES } from './ari-events.ts';
export type { AriBridge, AriChannel, AriChannelState, AriEvent } from './ari-events.ts';
export { Admission } from './admission.ts';
export type { AdmissionOptions } from './admission.ts';
export { AsteriskSwitch } from './asterisk-switch.ts';
export type { AsteriskSwitchOptions } from './asterisk-switch.ts';
