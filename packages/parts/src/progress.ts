/** One step of getting a part; sent often while bytes arrive. */
export type Progress = {
  /** A stable word for programs: `wait`, `update`, `resolve`, `download`, `unpack`, `trim`, `copy`, `start`. */
  readonly step: 'wait' | 'update' | 'resolve' | 'download' | 'unpack' | 'trim' | 'copy' | 'start';
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** A sentence for people, in English. */
  readonly text: string;
};

/** Receives progress; must not throw. */
export type OnProgress = (progress: Progress) => void;
