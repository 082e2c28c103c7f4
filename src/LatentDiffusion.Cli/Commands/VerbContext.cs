using System.CommandLine;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Tensors.Runtime;
using TorchSharp;

namespace LatentDiffusion.Cli.Commands;

/// <summary>What a verb gets: its command line, the common options, and the way to talk to the user.</summary>
internal sealed class VerbContext(ParseResult arguments, CommonOptions common, Output output)
{
    public ParseResult Arguments => arguments;

    public Output Output => output;

    /// <summary>The seed the user asked for, or null to use the verb's or the configuration's own.</summary>
    public long? Seed => arguments.GetValue(common.Seed);

    /// <summary>Threads to use when the user asks for no number; null for all cores. Set it before opening the device.</summary>
    public int? UsualThreads { get; set; }

    public int Threads => arguments.GetValue(common.Threads) ?? UsualThreads ?? Environment.ProcessorCount;

    public DeviceChoice Device => arguments.GetValue(common.Device) ?? DeviceChoice.Cpu;

    /// <summary>As <see cref="OpenDevice"/>, for verbs that compute on the processor alone.</summary>
    /// <exception cref="UserInputException">Another device was chosen.</exception>
    public void OpenCpu()
    {
        if (Device.IsCuda)
        {
            throw new UserInputException($"--device {Device}: this verb computes on the processor. Use --device cpu.");
        }

        OpenDevice();
    }

    /// <summary>Loads libtorch, sets its threads and opens the chosen device; call it before the first tensor.</summary>
    /// <exception cref="UserInputException">The chosen device is not there.</exception>
    /// <exception cref="TorchRuntimeException">libtorch cannot be used on this host.</exception>
    public torch.Device OpenDevice()
    {
        TorchRuntime.Load();
        torch.set_num_threads(Threads);
        if (!Device.IsCuda)
        {
            return torch.CPU;
        }

        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (Device.Index >= count)
        {
            throw new UserInputException(
                count == 0
                    ? $"--device {Device}: this build of libtorch finds no CUDA device. Use --device cpu, or build "
                        + "with -p:LdmTorchBackend=cuda on a machine with an NVIDIA GPU."
                    : $"--device {Device}: there are {count} CUDA devices, numbered from 0."
            );
        }

        return torch.device(DeviceType.CUDA, Device.Index);
    }
}
