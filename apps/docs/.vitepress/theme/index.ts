import type { Theme } from 'vitepress';
import { defineAsyncComponent } from 'vue';
import Figure from '../../src/components/figure-value.vue';
import RunnableBlock from '../../src/components/runnable-block.vue';
import Layout from './layout.vue';
import './style.css';

export default {
  Layout,
  enhanceApp({ app }) {
    app.component('Figure', Figure);
    app.component('RunnableBlock', RunnableBlock);
    // Demos load when a page with one is opened.
    app.component(
      'AlignmentSteps',
      defineAsyncComponent(() => import('../../src/components/alignment-steps.vue')),
    );
    app.component(
      'AttentionExplorer',
      defineAsyncComponent(() => import('../../src/components/attention-explorer.vue')),
    );
    app.component(
      'KernelRegression',
      defineAsyncComponent(() => import('../../src/components/kernel-regression.vue')),
    );
    app.component(
      'LettersToSounds',
      defineAsyncComponent(() => import('../../src/components/letters-to-sounds.vue')),
    );
    app.component(
      'MaskWorkshop',
      defineAsyncComponent(() => import('../../src/components/mask-workshop.vue')),
    );
    app.component(
      'ResultsTable',
      defineAsyncComponent(() => import('../../src/components/results-table.vue')),
    );
    app.component(
      'TinyGpt',
      defineAsyncComponent(() => import('../../src/components/tiny-gpt.vue')),
    );
  },
} satisfies Theme;
