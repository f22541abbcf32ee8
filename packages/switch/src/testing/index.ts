export { startAsteriskUnderTest, type AsteriskUnderTest } from './asterisk-under-test.ts';
export { FakeAriServer, fakeChannel, type FakeAnswer, type FakeRequest } from './fake-ari-server.ts';
export { realScheduling } from './real-scheduling.ts';
export { alawOf, linearOf, RtpStream, toneShare } from './rtp-stream.ts';
export { SipAgent, type SipAgentOptions } from './sip-agent.ts';
export { SipCall } from './sip-call.ts';
export {
  buildSip,
  headerOf,
  headersOf,
  methodOf,
  parseSip,
  requestUser,
  sdpOf,
  statusOf,
  type SipText,
} from './sip-message.ts';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { until } from './until.ts';
