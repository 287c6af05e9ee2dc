/** What is measured: a chat server that listens on a free port of its own. */
export interface BenchServer {
  readonly port: number;
  /** Leaves nothing open, and no file. */
  stop(): Promise<void>;
}

export type StartBenchServer = () => Promise<BenchServer>;
