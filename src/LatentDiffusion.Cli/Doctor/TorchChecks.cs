using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Tensors;
using LatentDiffusion.Tensors.Runtime;
using TorchSharp;

namespace LatentDiffusion.Cli.Doctor;

/// <summary>Checks of libtorch: whether it loads, how it is set up, whether it computes what it should.</summary>
internal static class TorchChecks
{
    private const string Name = "libtorch";

    public static IEnumerable<Check> All(VerbContext context)
    {
        if (NativeFiles.Faults() is { Count: > 0 } faults)
        {
            return
            [
                Check.Problem(
                    Name,
                    $"{string.Join(", ", faults)} in {AppContext.BaseDirectory}: build again, or install the program again "
                        + "with all its files"
                ),
            ];
        }

        try
        {
            TorchRuntime.Load();
        }
        catch (TorchRuntimeException e)
        {
            return [Check.Problem(Name, e.Message)];
        }

        return Loaded(context);
    }

    private static IEnumerable<Check> Loaded(VerbContext context)
    {
        torch.set_num_threads(context.Threads);
        return
        [
            Check.Ok(Name, $"{torch.__version__}, TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}"),
            NativeLibrary(),
            Allocator(),
            Check.Ok("threads", $"{torch.get_num_threads()}"),
            Cuda(context.Device),
            SelfTest(),
        ];
    }

    private static Check NativeLibrary() =>
        TorchRuntime.PatchedLibraryPath is { } path
            ? Check.Ok("native library", $"patched for this machine's older C++ library: {path}")
            : Check.Ok("native library", "loads as shipped");

    private static Check Allocator() =>
        (AllocatorSettings.Applied, OperatingSystem.IsLinux(), AllocatorSettings.Declined) switch
        {
            (true, _, _) => Check.Ok("allocator", "keeps freed memory for the next tensor"),
            (_, false, _) => Check.Ok("allocator", "the system's (settings exist on Linux only)"),
            (_, _, true) => Check.Warning(
                "allocator",
                $"left alone because {AllocatorSettings.Variable}=system; large images are slower"
            ),
            _ => Check.Warning("allocator", "this C library takes no settings; large images are slower"),
        };

    private static Check Cuda(DeviceChoice wanted)
    {
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        var text = count > 0 ? $"{count} device(s)" : "none; computing on the processor";
        return wanted.IsCuda && wanted.Index >= count
            ? Check.Problem("CUDA", $"{wanted} was asked for, but there are {count} devices")
            : Check.Ok("CUDA", text);
    }

    // Small whole numbers: the result is exact on every machine.
    private static Check SelfTest()
    {
        using var scope = torch.NewDisposeScope();
        var input = torch.arange(Scalars.Of(0), Scalars.Of(16), Scalars.Of(1), torch.float32).reshape(1, 1, 4, 4);
        var weight = torch
            .arange(Scalars.Of(0), Scalars.Of(9), Scalars.Of(1), torch.float32)
            .reshape(1, 1, 3, 3)
            .requires_grad_();
        var output = torch.nn.functional.conv2d(input, weight);
        output.sum().backward();
        var exact =
            output.data<float>().ToArray().SequenceEqual([258f, 294f, 402f, 438f])
            && weight.grad!.data<float>().ToArray().SequenceEqual([10f, 14f, 18f, 26f, 30f, 34f, 42f, 46f, 50f]);
        return exact
            ? Check.Ok("self test", "a convolution and its gradient give the expected numbers")
            : Check.Problem("self test", "a convolution gives wrong numbers: do not trust this machine's results");
    }
}
