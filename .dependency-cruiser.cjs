/** Import rules inside packages; rules between packages are turbo's (turbo.json, tags). */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'models-and-datasets-apart',
      comment: 'A model never imports a dataset, nor a dataset a model.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/(models|datasets)/' },
      to: { path: '^packages/$1/src/(models|datasets)/', pathNot: '^packages/$1/src/$2/' },
    },
    {
      name: 'browser-safe-sources',
      comment: 'Core, training and domain sources run in browsers.',
      severity: 'error',
      from: { path: '^packages/(?!node/|tensorflow/)[^/]+/src/', pathNot: '\\.(test|test-d|test-support)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-node-package-in-sources',
      comment: 'Only examples, benchmarks and tooling import @heed/node.',
      severity: 'error',
      from: { path: '^packages/(?!node/)[^/]+/src/' },
      to: { path: '^packages/node/' },
    },
    {
      name: 'examples-import-packages',
      comment: 'Examples import by package name, as a user would.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/(examples|benchmarks)/' },
      to: { path: '^packages/$1/src/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'packages-by-name',
      comment: 'No relative path leaves its package.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      conditionNames: ['@heed/source', 'import', 'types', 'default'],
      exportsFields: ['exports'],
    },
  },
};
