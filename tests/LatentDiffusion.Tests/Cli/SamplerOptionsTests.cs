using System.CommandLine;
using LatentDiffusion.Cli.Commands;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Samplers;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

public sealed class SamplerOptionsTests
{
    [Fact]
    public void Every_option_reaches_the_request()
    {
        var request = Read(
            "--sampler euler-ancestral --steps 7 --spacing exponential --eta 0.5 --guidance 3 --guidance-rescale 0.7 "
                + "--guidance-interval 100:900.5 --patch 64"
        );

        Assert.Equal("euler-ancestral", request.Sampler);
        Assert.Equal(7, request.Steps);
        Assert.Equal(Spacing.Exponential, request.Spacing);
        Assert.Equal(0.5, request.Eta);
        Assert.Equal(3, request.Guidance);
        Assert.Equal(0.7, request.GuidanceRescale);
        Assert.Equal(new(100, 900.5), request.GuidanceInterval);
        Assert.Equal(64, request.PatchSize);
    }

    [Fact]
    public void Without_options_the_sampler_decides()
    {
        var request = Read("");

        Assert.Equal(NamedSampler.Default.Name, request.Sampler);
        Assert.Null(request.Steps);
        Assert.Null(request.Spacing);
        Assert.Null(request.Eta);
        Assert.Null(request.GuidanceInterval);
        Assert.Null(request.PatchSize);
    }

    [Fact]
    public void What_is_not_chosen_stays_as_it_was_unless_it_was_another_samplers()
    {
        var basis = new SamplingRequest
        {
            Sampler = "ddim",
            Steps = 33,
            Eta = 0.5,
            Guidance = 4,
            PatchSize = 32,
        };

        var kept = Read("--guidance-rescale 0.5", basis);
        var other = Read("--sampler plms", basis);

        Assert.Equal(basis with { GuidanceRescale = 0.5 }, kept with { Inputs = basis.Inputs });
        Assert.Equal(("plms", null, null), (other.Sampler, other.Steps, other.Eta));
        Assert.Equal((4, 32), (other.Guidance, other.PatchSize));
    }

    private static SamplingRequest Read(string commandLine, SamplingRequest? basis = null)
    {
        var options = new SamplerOptions();
        var command = new Command("sample");
        foreach (var option in options.All)
        {
            command.Options.Add(option);
        }

        return options.Read(command.Parse(commandLine), basis ?? new SamplingRequest());
    }
}
