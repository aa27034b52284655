#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace heed {
namespace {

struct Job {
  long count, part;
  void (*body)(const void *, Range);
  const void *context;
  std::atomic<long> next{0};

  void Work() {
    for (long begin; (begin = next.fetch_add(part)) < count;) body(context, {begin, std::min(begin + part, count)});
  }
};

/** Threads that wait for jobs, one job at a time. They live as long as the process: at its end nobody waits for them. */
class Pool {
 public:
  explicit Pool(int workers) {
    for (int i = 0; i < workers; ++i) std::thread([this] { Wait(); }).detach();
  }

  void Run(Job &job) {
    // One job at a time: ops that run beside one another would only share the processors.
    std::lock_guard<std::mutex> turn(turn_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    job.Work();
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    left_.wait(lock, [this] { return active_ == 0; });
  }

 private:
  void Wait() {
    long seen = 0;
    for (;;) {
      // Ops follow one another closely; to be woken takes longer than most of them.
      for (int i = 0; i < kSpins && generation_.load(std::memory_order_acquire) == seen; ++i) std::this_thread::yield();
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
      seen = generation_.load(std::memory_order_relaxed);
      if (job_ == nullptr) continue;
      Job &job = *job_;
      ++active_;
      lock.unlock();
      job.Work();
      lock.lock();
      if (--active_ == 0) left_.notify_one();
    }
  }

  static constexpr int kSpins = 100;
  std::mutex turn_, mutex_;
  std::condition_variable wake_, left_;
  std::atomic<long> generation_{0};
  Job *job_ = nullptr;
  int active_ = 0;
};

}  // namespace

int ThreadCount() {
  static const int count = [] {
    const char *limit = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = limit == nullptr ? 0 : std::atoi(limit);
    return wanted > 0 ? wanted : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }();
  return count;
}

void ParallelFor(long count, long part, void (*body)(const void *, Range), const void *context) {
  part = std::max(1L, part);
  if (count > part && ThreadCount() > 1) {
    static Pool *const pool = new Pool(ThreadCount() - 1);
    Job job{count, part, body, context};
    return pool->Run(job);
  }
  for (long begin = 0; begin < count; begin += part) body(context, {begin, std::min(begin + part, count)});
}

}  // namespace heed
