/** Erlang B: probability that all `servers` are busy when `load` (erlangs) is offered and blocked calls are lost. */
export const erlangB = (servers: number, load: number): number => {
  let blocked = 1;
  for (let n = 1; n <= servers; n++) blocked = (load * blocked) / (n + load * blocked);
  return blocked;
};

/** Erlang C: probability that a call waits when calls queue without end; 1 at or above full load. */
export const erlangC = (servers: number, load: number): number => {
  if (load >= servers) return 1;
  const blocked = erlangB(servers, load);
  return (servers * blocked) / (servers - load * (1 - blocked));
};
