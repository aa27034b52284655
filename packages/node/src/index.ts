export type { BackendName } from './backend/backend-name.ts';
export { startBackend, type StartBackendOptions, type StartedBackend } from './backend/start-backend.ts';
export { fileFolder } from './files/file-folder.ts';
export { hubFolder, type HubFolderOptions } from './hub/hub-folder.ts';
export { progressBar, type ProgressBarOptions } from './progress/progress-bar.ts';
export {
  defineExample,
  type Example,
  type ExampleContext,
  type ExampleDefinition,
  type ExampleMinutes,
} from './examples/define-example.ts';
export type { OptionDefinition, OptionDefinitions, OptionValues } from './examples/options.ts';
export type {
  DataEvent,
  DataSource,
  DataFetchedEvent,
  DataNotCachedEvent,
  DataProgressEvent,
  DataRefusedEvent,
  DataSourceEvent,
} from './data/data-event.ts';
export { fetchData, type FetchedData, type FetchOptions } from './data/fetch-data.ts';
export { cacheFolder } from './files/cache-folder.ts';
export { downloadBar } from './progress/download-bar.ts';

export type { Report, ReportSection } from './report/render-report.ts';
export type { Table } from './report/table.ts';
export { writeReport } from './report/write-report.ts';
export {
  defineResult,
  type FigureDefinition,
  type FigureDefinitions,
  type FigureValues,
  type Measured,
  type ResultContext,
  type ResultDefinition,
  type ResultEntry,
} from './ledger/define-result.ts';
