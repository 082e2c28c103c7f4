using System.Text.RegularExpressions;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Models;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Models;

public sealed partial class ShippedModelsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_ships_names_no_folder_of_the_machine_it_was_made_on()
    {
        var files = Directory.GetFiles(Repository.PathOf("models"), "*.safetensors", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var path in files)
        {
            using var file = SafetensorsFile.Open(path, verify: false);
            foreach (var key in (string[])["ldm.model", "ldm.experiment"])
            {
                Assert.DoesNotMatch(AbsolutePath(), file.Metadata[key]);
            }
        }
    }

    [Fact]
    public void The_nearest_folder_of_that_name_is_found_from_a_program_deep_below_it()
    {
        var far = Directory.CreateDirectory(_folder["models/eyes"]).FullName;
        var near = Directory.CreateDirectory(_folder["a/models/eyes"]).FullName;
        var program = Directory.CreateDirectory(_folder["a/bin/release"]).FullName;
        File.WriteAllText(_folder["a/models/file"], "");

        Assert.Equal(near, ShippedModels.Find("eyes", ShippedModels.AndAbove(program)));
        Assert.Equal(far, ShippedModels.Find("eyes", ShippedModels.AndAbove(_folder.Root)));
        Assert.Null(ShippedModels.Find("file", ShippedModels.AndAbove(program)));
        Assert.Null(ShippedModels.Find("no-such-model-anywhere"));
    }

    [GeneratedRegex("""[\s"'\[](?:[A-Za-z]:)?[/\\]\w""")]
    private static partial Regex AbsolutePath();
}
