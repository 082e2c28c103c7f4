using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace LatentDiffusion.Kernels;

/// <summary>
/// Runs a kernel's pieces on the threads that libtorch itself computes on, as many as <c>torch.get_num_threads()</c> says.
/// </summary>
/// <remarks>
/// On Linux these are the threads of the libgomp that libtorch brought along. A second pool would fight with them: each
/// team's threads still spin when the other one's start. Elsewhere the .NET thread pool does the work.
/// </remarks>
internal static unsafe class ThreadTeam
{
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Parallel =
        FindParallel();

    /// <summary>The number of threads that <see cref="ForEach"/> uses at most.</summary>
    public static int Size => torch.get_num_threads();

    /// <summary>
    /// Runs <paramref name="body"/> for 0 to <paramref name="count"/> - 1 in any order, and returns when all are done.
    /// </summary>
    /// <param name="count">Pieces of work; which thread does which one must not matter to the result.</param>
    /// <param name="body">Gets the piece and the number of the thread, 0 to <see cref="Size"/> - 1.</param>
    public static void ForEach(int count, Action<int, int> body)
    {
        var threads = Math.Min(Size, count);
        if (threads <= 1)
        {
            for (var i = 0; i < count; i++)
            {
                body(i, 0);
            }

            return;
        }

        var work = new Work(count, body);
        if (Parallel == null)
        {
            System.Threading.Tasks.Parallel.For(0, threads, _ => work.Run());
        }
        else
        {
            var handle = GCHandle.Alloc(work);
            Parallel(&RunOnThread, GCHandle.ToIntPtr(handle), (uint)threads, 0);
            handle.Free();
        }

        work.ThrowIfFailed();
    }

    [UnmanagedCallersOnly]
    private static void RunOnThread(nint work) => Unsafe.As<Work>(GCHandle.FromIntPtr(work).Target)!.Run();

    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> FindParallel()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // The package's libgomp has a hash in its name, and only the instance that libtorch uses will do.
        torch.InitializeDeviceType(DeviceType.CPU);
        var path = File.ReadLines("/proc/self/maps")
            .Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .FirstOrDefault(p => Path.GetFileName(p).StartsWith("libgomp", StringComparison.Ordinal));
        return
            path is not null
            && NativeLibrary.TryLoad(path, out var library)
            && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var function)
            ? (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)function
            : null;
    }

    private sealed class Work(int count, Action<int, int> body)
    {
        private int _next = -1;
        private int _threads = -1;
        private Exception? _failure;

        public void Run()
        {
            var thread = Interlocked.Increment(ref _threads);
            try
            {
                for (int i; (i = Interlocked.Increment(ref _next)) < count; )
                {
                    body(i, thread);
                }
            }
            catch (Exception e)
            {
                // An exception must not cross native frames.
                _failure = e;
            }
        }

        public void ThrowIfFailed()
        {
            if (_failure is not null)
            {
                throw new InvalidOperationException("A kernel failed.", _failure);
            }
        }
    }
}
