import { SipAgent } from '../src/testing/sip-agent.ts';

/** A carrier in a process of its own: answers every call at once and sends no audio. Prints its address, ends with its input. */
const agent = await SipAgent.start({
  host: '127.0.0.60',
  onCall: (call) => {
    call.answerSilently();
    agent.incoming.length = 0;
    agent.log.length = 0;
  },
});
process.stdout.write(`${agent.host} ${String(agent.port)}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
