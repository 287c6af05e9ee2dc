/** What is measured: a chat server that listens on a free port of its own. */
export interface BenchServer {
  readonly port: number;
  /** Leaves nothing open, and no file of its own making. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Messages that are there at the start. */
  stored?: number;
  /** The folder that holds them, for a server that keeps them on disk. */
  dataDir?: string;
  /** Let it collect what it does not need before it tells its memory. */
  collectsGarbage?: boolean;
}

export type StartBenchServer = (options: ServerOptions) => Promise<BenchServer>;
