import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { figureRule } from '../build/figure-rule.ts';
import { formulas } from '../build/formulas.ts';
import { minifyChunks } from '../build/minify-chunks.ts';
import { runnableBlocks } from '../build/runnable-blocks.ts';
import { navigation, sidebar } from '../build/sidebar.ts';
import { tokenizeForSearch } from '../build/tokenize-for-search.ts';

/** Stands in every built file until `npx pnpm@12 site` writes the real base in its place: one build serves under any path. */
const BASE = '/__heed_base__/';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: BASE,
  srcDir: 'pages',
  outDir: '.site/template',
  cacheDir: '.site/cache',
  title: 'Heed',
  description: 'Attention for TypeScript: what it is, step by step, with models that run and train in the page.',
  head: [['link', { rel: 'icon', href: `${BASE}icon.svg`, type: 'image/svg+xml' }]],
  ignoreDeadLinks: false,
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      themeConfig: { nav: navigation('en'), sidebar: sidebar('en') },
    },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      title: 'Heed',
      description: '面向 TypeScript 的注意力机制：一步一步看清它是什么，模型就在页面里运行和训练。',
      themeConfig: {
        nav: navigation('zh'),
        sidebar: sidebar('zh'),
        outline: { label: '本页内容' },
        docFooter: { prev: '上一页', next: '下一页' },
        darkModeSwitchLabel: '外观',
        lightModeSwitchTitle: '切换到浅色',
        darkModeSwitchTitle: '切换到深色',
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        langMenuLabel: '语言',
        skipToContentLabel: '跳到正文',
      },
    },
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        // Of the reference only names and titles are searched.
        _render: (source, environment, md) => {
          const html = md.render(source, environment);
          if (!environment.relativePath.startsWith('api/')) return html;
          return (html.match(/<h[1-3][^]*?<\/h[1-3]>/g) ?? []).join('\n');
        },
        miniSearch: { options: { tokenize: tokenizeForSearch }, searchOptions: { combineWith: 'AND', prefix: true } },
        locales: {
          zh: {
            translations: {
              button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
              modal: {
                displayDetails: '显示详情',
                resetButtonTitle: '清除',
                backButtonTitle: '关闭',
                noResultsText: '没有结果：',
                footer: { selectText: '选择', navigateText: '切换', closeText: '关闭' },
              },
            },
          },
        },
      },
    },
    outline: { level: [2, 3] },
  },
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      md.use(formulas);
      md.use(runnableBlocks);
      md.use(figureRule);
    },
  },
  vite: {
    resolve: {
      conditions: ['@heed/source', 'module', 'browser', 'development|production'],
      alias: [{ find: /^@tensorflow\/tfjs$/, replacement: source('../src/runner/tfjs.ts') }],
    },
    // Vite leaves the white space of a worker's modules.
    worker: { format: 'es', plugins: () => [minifyChunks()] },
    build: { chunkSizeWarningLimit: 1200 },
  },
});
