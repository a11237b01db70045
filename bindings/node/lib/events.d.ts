/**
 * What the library tells on the channel `strongroom` of `node:diagnostics_channel`. It names operations, keys and
 * outcomes, never a value.
 *
 * The library's events are those of the whole process. Each JavaScript thread that has a subscriber when it calls a
 * verb (other than one that the cache answers) is told from then on what happens on any thread: workers that subscribe
 * hear of each other's calls too. Where nobody subscribes, nothing is written.
 *
 * Events come in their order: those of a call before its answer, others from the event loop, which they do not keep
 * alive. At most 1,024 wait for a thread; one more event says how many others there were. What a subscriber throws is
 * an uncaught exception, as on every such channel, and fails no call. What a subscriber's own calls cause on its thread
 * while it runs is not told.
 *
 * @example
 * import diagnostics from 'node:diagnostics_channel';
 *
 * diagnostics.subscribe('strongroom', (message) => {
 *   const { level, target, message: line } = message as import('strongroom').LibraryEvent;
 *   if (level === 'warn' || level === 'error') console.error(`${target}: ${line}`);
 * });
 */
export interface LibraryEvent {
  readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace';
  /** The part of the library: `'strongroom'`, or a name that begins with `'strongroom::'`. */
  readonly target: string;
  /** One line: `operation=get backend=memory key=org/acme/api_key outcome=ok micros=12`. */
  readonly message: string;
}
