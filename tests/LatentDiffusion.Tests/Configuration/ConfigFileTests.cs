using LatentDiffusion.Configuration;
using Xunit;

namespace LatentDiffusion.Tests.Configuration;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("config").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_relative_path_starts_at_the_folder_of_its_file()
    {
        var run = ConfigDocument.Load(Write("net: {channels: 2}\ndata: ../images\nextra: [a, /b]")).Bind<RunConfig>();

        Assert.Equal(Path.Combine(Path.GetDirectoryName(_folder)!, "images"), run.Data);
        Assert.Equal([Path.Combine(_folder, "a"), Path.GetFullPath("/b")], run.Extra);
    }

    [Fact]
    public void A_relative_path_of_an_override_or_of_bare_text_starts_at_the_current_directory()
    {
        var file = ConfigDocument.Load(Write("net: {channels: 2}\ndata: images\nextra: [a, b]"));
        var run = file.WithOverrides(["data=mine", "extra.1=c"]).Bind<RunConfig>();

        Assert.Equal(Path.GetFullPath("mine"), run.Data);
        Assert.Equal([Path.Combine(_folder, "a"), Path.GetFullPath("c")], run.Extra);
        Assert.Equal(
            Path.GetFullPath("x"),
            ConfigDocument.Parse("{net: {channels: 2}, data: x}", "a").Bind<RunConfig>().Data
        );
    }

    [Fact]
    public void Messages_name_the_file_as_the_user_did()
    {
        var path = Path.GetRelativePath(Directory.GetCurrentDirectory(), Write("net:\n  chanels: 2"));

        var error = Assert.Throws<ConfigException>(() => ConfigDocument.Load(path).Bind<RunConfig>());

        Assert.StartsWith($"{path}:2:3: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_the_users_mistake()
    {
        var binary = Path.Combine(_folder, "binary.yaml");
        File.WriteAllBytes(binary, [0x61, 0x3a, 0x20, 0xff, 0xfe, 0xc3]);

        Assert.Throws<ConfigException>(() => ConfigDocument.Load(Path.Combine(_folder, "absent.yaml")));
        Assert.Throws<ConfigException>(() => ConfigDocument.Load(Path.Combine(_folder, "no", "absent.yaml")));
        Assert.Throws<ConfigException>(() => ConfigDocument.Load(_folder));
        Assert.Throws<ConfigException>(() => ConfigDocument.Load(binary));
    }

    private string Write(string yaml)
    {
        var path = Path.Combine(_folder, "run.yaml");
        File.WriteAllText(path, yaml);
        return path;
    }
}
